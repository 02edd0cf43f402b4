import { explainedShare, SOURCE_MARGIN } from './explainedShare.js';
import { correlate } from './fft.js';
import { SAMPLES_PER_MS, TrackHistory } from './TrackHistory.js';

export interface CrosstalkFrame {
  trackId: string;
  /** On the meeting's clock; clocks of two tracks may differ by 80 ms or so. */
  startMs: number;
  /** 512 samples at 16 kHz. */
  pcm: Int16Array;
  /** Speech probability of the frame. */
  probability: number;
}

export interface CrosstalkVerdict {
  crosstalk: boolean;
  /** Whose voice it is. */
  sourceTrackId?: string;
  /** Share of the stretch's speech that is somebody else's. */
  explainedShare: number;
}

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
/** Beyond the window that is compared, what is read for the filter and for rounding. */
const READ_MARGIN_MS = 2;

/** One track as another one is compared with it. */
interface Pair {
  other: Track;
  /** How late the other's voice comes here, as found before. */
  delayMs: number | undefined;
}

/** A comparison that found nothing: it is not made again unless it could come out otherwise. */
interface Comparison {
  /** Of the other track, what it was made with. */
  throughMs: number;
  delayMs: number | undefined;
  searched: boolean;
}

interface Frame {
  startMs: number;
  speech: boolean;
  sourceTrackId: string | undefined;
  comparisons: Map<Pair, Comparison>;
}

interface Track {
  history: TrackHistory;
  frames: Frame[];
  /** By the other track's id. */
  pairs: Map<string, Pair>;
  count: number;
}

/**
 * Finds voices that reached a second microphone. Sound on a track that is a quieter, later copy of what another track carries is
 * crosstalk: it is predicted from that track (delay by cross-correlation, gains by least squares), and what cannot be predicted is
 * the speaker's own. Somebody who speaks over a leak is therefore kept, and so is the louder original.
 */
export class CrosstalkGuard {
  readonly #tracks = new Map<string, Track>();

  /** @returns ends the track; to be called by who opened it, and of no effect on a later one of the same id */
  open(trackId: string): () => void {
    this.close(trackId);
    const opened: Track = { history: new TrackHistory(), frames: [], pairs: new Map(), count: 0 };
    for (const [otherId, other] of this.#tracks) {
      opened.pairs.set(otherId, { other, delayMs: undefined });
      other.pairs.set(trackId, { other: opened, delayMs: undefined });
    }
    this.#tracks.set(trackId, opened);
    return () => {
      if (this.#tracks.get(trackId) === opened) this.close(trackId);
    };
  }

  close(trackId: string): void {
    const closed = this.#tracks.get(trackId);
    if (closed === undefined) return;
    this.#tracks.delete(trackId);
    // Frames of others remember what they were compared with: nothing of it may keep a track that is gone, and whom that one knew.
    closed.pairs.clear();
    closed.frames = [];
    closed.history.clear();
    for (const track of this.#tracks.values()) {
      const pair = track.pairs.get(trackId);
      track.pairs.delete(trackId);
      if (pair !== undefined) for (const frame of track.frames) frame.comparisons.delete(pair);
    }
  }

  /** The track's time line goes on elsewhere. */
  jump(trackId: string): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.history.clear();
    track.frames = [];
    // What it was compared with before does not count any more.
    for (const other of this.#tracks.values()) {
      const pair = other.pairs.get(trackId);
      if (pair !== undefined) other.pairs.set(trackId, { ...pair });
    }
  }

  push({ trackId, startMs, pcm, probability }: CrosstalkFrame): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.history.push(pcm, startMs);
    track.count += 1;
    const speech = probability >= SPEECH_PROBABILITY;
    const frame: Frame = { startMs, speech, sourceTrackId: undefined, comparisons: new Map() };
    track.frames.push(frame);
    if (speech) frame.sourceTrackId = this.#sourceOf({ track, frame, search: track.count % SEARCH_EVERY_FRAMES === 0 });
    if (track.frames.length > REMEMBERED_FRAMES) track.frames.splice(0, REMEMBERED_FRAMES / 4);
  }

  /** Whether a frame, the newest one as a rule, carries somebody else's voice. */
  frameIsCrosstalk(trackId: string, startMs: number): boolean {
    const frame = this.#tracks.get(trackId)?.frames.findLast((each) => each.startMs <= startMs + 1);
    return frame?.sourceTrackId !== undefined;
  }

  /**
   * Looks at a stretch again, with all that has come from the other tracks since. What was compared with all there is to compare
   * is not compared again: an utterance may be judged as often as it has interims.
   */
  judge(trackId: string, startMs: number, endMs: number): CrosstalkVerdict {
    const track = this.#tracks.get(trackId);
    if (track === undefined || this.#tracks.size < 2) return { crosstalk: false, explainedShare: 0 };
    let speech = 0;
    const sources = new Map<string, number>();
    for (const frame of track.frames) {
      if (!frame.speech || frame.startMs < startMs - FRAME_MS || frame.startMs >= endMs) continue;
      speech += 1;
      frame.sourceTrackId ??= this.#sourceOf({ track, frame, search: speech % SEARCH_EVERY_FRAMES === 1 });
      const { sourceTrackId } = frame;
      if (sourceTrackId !== undefined) sources.set(sourceTrackId, (sources.get(sourceTrackId) ?? 0) + 1);
    }
    const found = [...sources.values()].reduce((sum, count) => sum + count, 0);
    const share = speech === 0 ? 0 : found / speech;
    const [main] = [...sources].sort((a, b) => b[1] - a[1]);
    const crosstalk = share >= LEAST_UTTERANCE_SHARE;
    return { crosstalk, explainedShare: share, ...(crosstalk && main !== undefined ? { sourceTrackId: main[0] } : {}) };
  }

  /** The track that explains what was heard up to the end of a frame, if one does. */
  #sourceOf({ track, frame, search }: { track: Track; frame: Frame; search: boolean }): string | undefined {
    const endMs = frame.startMs + FRAME_MS;
    const startMs = endMs - WINDOW_MS;
    let heard: Float32Array | undefined;
    let level = 0;
    for (const [otherId, pair] of track.pairs) {
      const { other } = pair;
      const throughMs = Math.min(other.history.endMs, endMs - EARLIEST_MS + READ_MARGIN_MS);
      const before = frame.comparisons.get(pair);
      const more = before === undefined || throughMs > before.throughMs;
      const tryDelay = pair.delayMs !== undefined && (more || pair.delayMs !== before.delayMs);
      const trySearch = search && (more || !before.searched);
      if (!tryDelay && !trySearch) continue;
      if (heard === undefined) {
        heard = track.history.read(startMs, WINDOW_MS * SAMPLES_PER_MS);
        level = rms(heard);
      }
      const comparable = level >= QUIET_LEVEL && isLouder({ other, startMs, level });
      if (comparable && tryDelay && isExplained({ heard, other, startMs: startMs - (pair.delayMs ?? 0) }))
        return otherId;
      if (comparable && trySearch) {
        const delayMs = findDelay({ heard, other, startMs });
        if (delayMs !== undefined && isExplained({ heard, other, startMs: startMs - delayMs })) {
          pair.delayMs = delayMs;
          return otherId;
        }
      }
      const searched = trySearch || !comparable || (!more && before.searched);
      frame.comparisons.set(pair, { throughMs, delayMs: pair.delayMs, searched });
    }
    return undefined;
  }
}

function isLouder({ other, startMs, level }: { other: Track; startMs: number; level: number }): boolean {
  const span = (WINDOW_MS + LATEST_MS - EARLIEST_MS) * SAMPLES_PER_MS;
  const around = other.history.read(startMs - LATEST_MS, span);
  // Its loudest window can be no quieter than the mean of all.
  return rms(around) * Math.sqrt(span / (WINDOW_MS * SAMPLES_PER_MS)) >= level * LEAST_SOURCE_GAIN;
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
