import type { CrosstalkFrame, CrosstalkVerdict } from '../CrosstalkGuard.js';
import { explainedShare, SOURCE_MARGIN } from '../explainedShare.js';
import { correlate } from '../fft.js';
import { SAMPLES_PER_MS, TrackHistory } from '../TrackHistory.js';

/** Sound is compared over so much of it. */
const WINDOW_MS = 256;
/** A leak may be so late; the negative side is for clocks that differ. */
const EARLIEST_MS = -100;
const LATEST_MS = 420;
/** Of the energy, what has to be explained by another track. */
const LEAST_SHARE = 0.6;
/** The other track must be so much louder: nobody is their own echo. */
const LEAST_SOURCE_GAIN = 1.5;
/** A delay that was found is tried first, and looked for anew in every so manieth frame only. */
const SEARCH_EVERY_FRAMES = 3;
const FRAME_MS = 32;
const SPEECH_PROBABILITY = 0.35;
/** Of an utterance's speech, what makes all of it somebody else's. */
const LEAST_UTTERANCE_SHARE = 0.6;
/** Below it a window is too quiet to tell (-66 dBFS). */
const QUIET_LEVEL = 5e-4;
const REMEMBERED_FRAMES = 1_000;

interface Track {
  history: TrackHistory;
  frames: { startMs: number; speech: boolean; sourceTrackId: string | undefined }[];
  /** How late each other track's voice comes here, as found before. */
  delaysMs: Map<string, number>;
  count: number;
}

/** What `CrosstalkGuard` must agree with: the same method without a memory, which compares everything anew each time. */
export class ForgetfulCrosstalkGuard {
  readonly #tracks = new Map<string, Track>();

  open(trackId: string): void {
    this.#tracks.set(trackId, { history: new TrackHistory(), frames: [], delaysMs: new Map(), count: 0 });
  }

  close(trackId: string): void {
    this.#tracks.delete(trackId);
    for (const track of this.#tracks.values()) track.delaysMs.delete(trackId);
  }

  /** The track's time line goes on elsewhere. */
  jump(trackId: string): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.history.clear();
    track.frames = [];
  }

  push({ trackId, startMs, pcm, probability }: CrosstalkFrame): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.history.push(pcm, startMs);
    track.count += 1;
    const speech = probability >= SPEECH_PROBABILITY;
    const search = track.count % SEARCH_EVERY_FRAMES === 0;
    const sourceTrackId = speech ? this.#sourceOf({ trackId, track, endMs: startMs + FRAME_MS, search }) : undefined;
    track.frames.push({ startMs, speech, sourceTrackId });
    if (track.frames.length > REMEMBERED_FRAMES) track.frames.splice(0, REMEMBERED_FRAMES / 4);
  }

  /** Whether a frame, the newest one as a rule, carries somebody else's voice. */
  frameIsCrosstalk(trackId: string, startMs: number): boolean {
    const frame = this.#tracks.get(trackId)?.frames.findLast((each) => each.startMs <= startMs + 1);
    return frame?.sourceTrackId !== undefined;
  }

  /** Looks at a stretch again, with all that has come from the other tracks since. */
  judge(trackId: string, startMs: number, endMs: number): CrosstalkVerdict {
    const track = this.#tracks.get(trackId);
    if (track === undefined || this.#tracks.size < 2) return { crosstalk: false, explainedShare: 0 };
    let speech = 0;
    const sources = new Map<string, number>();
    for (const frame of track.frames) {
      if (!frame.speech || frame.startMs < startMs - FRAME_MS || frame.startMs >= endMs) continue;
      speech += 1;
      frame.sourceTrackId ??= this.#sourceOf({
        trackId,
        track,
        endMs: frame.startMs + FRAME_MS,
        search: speech % SEARCH_EVERY_FRAMES === 1,
      });
      const { sourceTrackId } = frame;
      if (sourceTrackId !== undefined) sources.set(sourceTrackId, (sources.get(sourceTrackId) ?? 0) + 1);
    }
    const found = [...sources.values()].reduce((sum, count) => sum + count, 0);
    const share = speech === 0 ? 0 : found / speech;
    const [main] = [...sources].sort((a, b) => b[1] - a[1]);
    const crosstalk = share >= LEAST_UTTERANCE_SHARE;
    return { crosstalk, explainedShare: share, ...(crosstalk && main !== undefined ? { sourceTrackId: main[0] } : {}) };
  }

  /** The track that explains what was heard up to a time, if one does. */
  #sourceOf(options: { trackId: string; track: Track; endMs: number; search: boolean }): string | undefined {
    const { trackId, track, endMs, search } = options;
    const startMs = endMs - WINDOW_MS;
    const heard = track.history.read(startMs, WINDOW_MS * SAMPLES_PER_MS);
    const level = rms(heard);
    if (level < QUIET_LEVEL) return undefined;
    for (const [otherId, other] of this.#tracks) {
      if (otherId === trackId || !this.#isLouder({ other, startMs, level })) continue;
      const known = track.delaysMs.get(otherId);
      if (known !== undefined && isExplained({ heard, other, startMs: startMs - known })) return otherId;
      if (!search) continue;
      const delayMs = findDelay({ heard, other, startMs });
      if (delayMs === undefined || !isExplained({ heard, other, startMs: startMs - delayMs })) continue;
      track.delaysMs.set(otherId, delayMs);
      return otherId;
    }
    return undefined;
  }

  #isLouder({ other, startMs, level }: { other: Track; startMs: number; level: number }): boolean {
    const span = (WINDOW_MS + LATEST_MS - EARLIEST_MS) * SAMPLES_PER_MS;
    const around = other.history.read(startMs - LATEST_MS, span);
    // Its loudest window can be no quieter than the mean of all.
    return rms(around) * Math.sqrt(span / (WINDOW_MS * SAMPLES_PER_MS)) >= level * LEAST_SOURCE_GAIN;
  }
}

function isExplained(options: { heard: Float32Array; other: Track; startMs: number }): boolean {
  const { heard, other, startMs } = options;
  const { before, after } = SOURCE_MARGIN;
  const source = other.history.read(startMs - before / SAMPLES_PER_MS, heard.length + before + after);
  const { share, sourceGain } = explainedShare(heard, source);
  return share >= LEAST_SHARE && sourceGain >= LEAST_SOURCE_GAIN;
}

/** By how much the heard sound is later than the other track's, where they are most alike. */
function findDelay(options: { heard: Float32Array; other: Track; startMs: number }): number | undefined {
  const { heard, other, startMs } = options;
  const span = heard.length + (LATEST_MS - EARLIEST_MS) * SAMPLES_PER_MS;
  const source = other.history.read(startMs - LATEST_MS, span);
  const products = correlate(heard, source);
  let energy = 0;
  for (let index = 0; index < heard.length; index += 1) energy += (source[index] as number) ** 2;
  let best = 0;
  let bestShift: number | undefined;
  for (let shift = 0; shift < products.length; shift += 1) {
    const likeness = Math.abs(products[shift] as number) / Math.sqrt(energy + 1e-9);
    if (likeness > best) {
      best = likeness;
      bestShift = shift;
    }
    energy += (source[shift + heard.length] ?? 0) ** 2 - (source[shift] ?? 0) ** 2;
  }
  return bestShift === undefined ? undefined : LATEST_MS - bestShift / SAMPLES_PER_MS;
}

function rms(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}
