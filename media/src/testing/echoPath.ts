/** From a voice that is sent to somebody to what their microphone sends back. */
export interface EchoPath {
  /** Network, jitter buffer, loudspeaker, microphone, network. */
  delayMs: number;
  /** Of the direct sound. */
  gainDb: number;
  /** Until the room's reverberation has fallen by 60 dB. Default 300; 0: no room at all. */
  reverberationMs?: number;
  /** Of the direct sound against all reverberation. Default 6. */
  directDb?: number;
  /** Above it the loudspeaker plays less and less (12 dB an octave). Default 3,500. */
  cutoffHz?: number;
  /** How much faster the other sound card's clock is. Default 100 ppm. */
  driftPpm?: number;
}

const RATE = 16_000;
/** Nothing comes back from the walls sooner. */
const FIRST_REFLECTION_SAMPLES = 32;
/** One in each stretch of this length. */
const SAMPLES_PER_REFLECTION = 20;

/** A voice, 16 kHz mono, as it comes back from somebody's loudspeaker. As long as the voice. */
export function echoOf(voice: Int16Array, path: EchoPath): Float32Array {
  const { delayMs, gainDb, reverberationMs = 300, directDb = 6, cutoffHz = 3_500, driftPpm = 100 } = path;
  const played = drifting(lowPassed(Float32Array.from(voice), cutoffHz), driftPpm);
  const heard = inRoom(played, { reverberationMs, directDb });
  const delay = Math.round((delayMs * RATE) / 1_000);
  const gain = 10 ** (gainDb / 20);
  return heard.map((_, index) => gain * (heard[index - delay] ?? 0));
}

/** The room's answer: the direct sound, and single reflections that die away (velvet noise: to the ear and to a filter a dense tail). */
function inRoom(sound: Float32Array, room: { reverberationMs: number; directDb: number }): Float32Array {
  const length = Math.round((room.reverberationMs * RATE) / 1_000);
  const reflections: { late: number; gain: number }[] = [];
  let energy = 0;
  let state = 1;
  for (let at = FIRST_REFLECTION_SAMPLES; at < length; at += SAMPLES_PER_REFLECTION) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const gain = (state & (2 ** 20) ? 1 : -1) * 10 ** ((-3 * at) / length);
    reflections.push({ late: at + ((state >>> 24) % SAMPLES_PER_REFLECTION), gain });
    energy += gain * gain;
  }
  const all = energy === 0 ? 0 : Math.sqrt(10 ** (-room.directDb / 10) / energy);
  const heard = sound.slice();
  for (const { late, gain } of reflections) {
    for (let at = late; at < heard.length; at += 1) {
      heard[at] = (heard[at] as number) + all * gain * (sound[at - late] as number);
    }
  }
  return heard;
}

/** Two poles. */
function lowPassed(sound: Float32Array, cutoffHz: number): Float32Array {
  const share = 1 - Math.exp((-2 * Math.PI * cutoffHz) / RATE);
  let [first, second] = [0, 0];
  return sound.map((value) => {
    first += share * (value - first);
    second += share * (first - second);
    return second;
  });
}

function drifting(sound: Float32Array, ppm: number): Float32Array {
  return sound.map((_, index) => {
    const at = index * (1 + ppm * 1e-6);
    const [before, part] = [Math.floor(at), at % 1];
    return (sound[before] ?? 0) * (1 - part) + (sound[before + 1] ?? 0) * part;
  });
}
