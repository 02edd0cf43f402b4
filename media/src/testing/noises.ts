/** Sounds that are no speech, 16 kHz mono, always the same ones. */
export type NoiseKind =
  | 'silence'
  | 'white'
  | 'pink'
  | 'clicks'
  | 'hum'
  | 'tones'
  | 'chords'
  | 'breath'
  | 'coughs'
  | 'babble';

const RATE = 16_000;

/** @param options.levelDb root mean square in dBFS, over the loud parts */
export function noise(options: { kind: NoiseKind; seconds: number; levelDb: number }): Int16Array {
  const samples = Math.round(options.seconds * RATE);
  const raw = GENERATORS[options.kind](samples);
  let squares = 0;
  let loud = 0;
  for (const value of raw) {
    if (value === 0) continue;
    squares += value * value;
    loud += 1;
  }
  const gain = loud === 0 ? 0 : (10 ** (options.levelDb / 20) * 32_768) / Math.sqrt(squares / loud);
  return Int16Array.from(raw, (value) => Math.max(-32_768, Math.min(32_767, Math.round(value * gain))));
}

const GENERATORS: Record<NoiseKind, (samples: number) => Float64Array> = {
  silence: (samples) => new Float64Array(samples),
  white: (samples) => {
    const random = gaussian(1);
    return Float64Array.from({ length: samples }, random);
  },
  pink: (samples) => {
    // Paul Kellet's filter.
    const random = gaussian(2);
    let [b0, b1, b2] = [0, 0, 0];
    return Float64Array.from({ length: samples }, () => {
      const white = random();
      b0 = 0.99765 * b0 + white * 0.099_046;
      b1 = 0.963 * b1 + white * 0.296_516_4;
      b2 = 0.57 * b2 + white * 1.052_691_3;
      return b0 + b1 + b2 + white * 0.1848;
    });
  },
  clicks: (samples) => {
    // Keys: bursts of a few milliseconds, one to nine a second.
    const random = uniform(3);
    const shape = gaussian(4);
    const out = new Float64Array(samples);
    for (let at = 0; at < samples; at += Math.round(RATE * (0.11 + 0.9 * random() ** 2))) {
      const length = Math.round(RATE * (0.004 + 0.012 * random()));
      for (let index = 0; index < length && at + index < samples; index += 1) {
        out[at + index] = shape() * Math.exp((-5 * index) / length);
      }
    }
    return out;
  },
  hum: (samples) =>
    Float64Array.from({ length: samples }, (_, index) =>
      [1, 2, 3, 5].reduce((sum, part) => sum + Math.sin((2 * Math.PI * 50 * part * index) / RATE) / part, 0),
    ),
  tones: (samples) => {
    const pitches = [440, 1_000, 620, 350, 1_500, 800];
    return Float64Array.from({ length: samples }, (_, index) => {
      const pitch = pitches[Math.floor(index / RATE) % pitches.length] ?? 440;
      return index % RATE < RATE * 0.7 ? Math.sin((2 * Math.PI * pitch * index) / RATE) : 0;
    });
  },
  chords: (samples) => {
    const roots = [220, 174.6, 196, 164.8];
    return Float64Array.from({ length: samples }, (_, index) => {
      const beat = index % (RATE / 2);
      const root = roots[Math.floor(index / (2 * RATE)) % roots.length] ?? 220;
      const envelope = Math.min(1, beat / 400) * Math.exp(-beat / (RATE / 3));
      return (
        [1, 1.26, 1.5, 2].reduce(
          (sum, ratio) =>
            sum +
            [1, 2, 3].reduce(
              (tone, part) => tone + Math.sin((2 * Math.PI * root * ratio * part * index) / RATE) / part ** 2,
              0,
            ),
          0,
        ) * envelope
      );
    });
  },
  breath: (samples) => {
    // In for a second, out for a second and a half, then a pause.
    const random = gaussian(5);
    const [low, high] = [bandFilter(900, 0.7), bandFilter(2_400, 0.8)];
    return Float64Array.from({ length: samples }, (_, index) => {
      const at = (index / RATE) % 3.5;
      const swell =
        at < 1 ? Math.sin(Math.PI * at) : at > 1.2 && at < 2.7 ? 0.6 * Math.sin((Math.PI * (at - 1.2)) / 1.5) : 0;
      const value = random();
      return (low(value) + high(value)) * swell;
    });
  },
  coughs: (samples) => {
    // Two bursts each time: a crack of noise, then a hoarse voice that dies away.
    const random = gaussian(6);
    const formants = [bandFilter(600, 3), bandFilter(1_300, 4), bandFilter(2_700, 4)];
    return Float64Array.from({ length: samples }, (_, index) => {
      const at = (index / RATE) % 2.4;
      const since = at < 0.45 ? at : at - 0.45;
      const envelope = at > 0.8 ? 0 : Math.min(1, since / 0.008) * Math.exp(-since / 0.09);
      const voice = since > 0.06 && (index * 140) % RATE < 140 ? 12 : 0;
      const value = random() + voice;
      return formants.reduce((sum, filter) => sum + filter(value), 0) * envelope;
    });
  },
  babble: (samples) => {
    // Eight voices at once, syllable by syllable, none to be understood.
    const out = new Float64Array(samples);
    for (let voice = 0; voice < 8; voice += 1) {
      const random = uniform(10 + voice);
      const shape = gaussian(30 + voice);
      const pitch = 95 + 25 * voice;
      for (let at = Math.round(random() * RATE * 0.4); at < samples; ) {
        const length = Math.round(RATE * (0.12 + 0.2 * random()));
        const formants = [bandFilter(300 + 600 * random(), 5), bandFilter(900 + 1_400 * random(), 7)];
        const hiss = random() < 0.25;
        for (let index = 0; index < length && at + index < samples; index += 1) {
          const pulse = ((at + index) * pitch) % RATE < pitch ? 8 : 0;
          const value = (hiss ? 1.5 * shape() : 0) + pulse + 0.05 * shape();
          const envelope = Math.sin((Math.PI * index) / length) ** 0.5;
          out[at + index] =
            (out[at + index] ?? 0) + formants.reduce((sum, filter) => sum + filter(value), 0) * envelope;
        }
        at += length + (random() < 0.2 ? Math.round(RATE * 0.4 * random()) : 0);
      }
    }
    return out;
  },
};

/** Second-order band filter around a pitch (RBJ's cookbook, peak gain 0 dB); keeps its state. */
function bandFilter(pitch: number, quality: number): (value: number) => number {
  const angle = (2 * Math.PI * pitch) / RATE;
  const alpha = Math.sin(angle) / (2 * quality);
  const scale = 1 + alpha;
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  return (x) => {
    const y = (alpha * (x - x2) + 2 * Math.cos(angle) * y1 - (1 - alpha) * y2) / scale;
    [x2, x1, y2, y1] = [x1, x, y1, y];
    return y;
  };
}

/** Numbers from 0 to 1 (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function gaussian(seed: number): () => number {
  const random = uniform(seed);
  return () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
}
