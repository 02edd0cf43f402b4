import {
  arrivedFirst,
  canExplain,
  EARLIEST_MS,
  findDelay,
  type Heard,
  isExplained,
  readHeard,
  WINDOW_MS,
} from './compare.js';
import { TrackHistory } from './TrackHistory.js';

export interface CrosstalkFrame {
  trackId: string;
  /** On the meeting's clock; clocks of two tracks may differ by 80 ms or so. */
  startMs: number;
  /** Mean time at which its samples arrived here, on the clock of `startMs`. */
  arrivedMs: number;
  /** 512 samples at 16 kHz. */
  pcm: Int16Array;
  /** Speech probability of the frame. */
  probability: number;
}

export interface CrosstalkVerdict {
  /** The voice is another track's, which is louder and arrived first: it is captioned there. */
  crosstalk: boolean;
  /** Whose voice it is. */
  sourceTrackId?: string;
  /** Another track carries the same voice louder, but later: a microphone with a shorter way, or somebody who sends it on. Nobody can tell which. */
  alsoOnTrackId?: string;
  /** Share of the stretch's speech that is somebody else's for certain. */
  explainedShare: number;
}

/** A delay that was found is tried first, and looked for anew in every so manieth frame only. */
const SEARCH_EVERY_FRAMES = 3;
const FRAME_MS = 32;
const SPEECH_PROBABILITY = 0.35;
/** Of an utterance's speech, what makes all of it somebody else's. */
const LEAST_UTTERANCE_SHARE = 0.6;
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

/** The track that explains a frame. */
export interface Source {
  trackId: string;
  /** Its sound had arrived before. */
  first: boolean;
}

interface Frame {
  startMs: number;
  speech: boolean;
  source: Source | undefined;
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
 * the speaker's own. Somebody who speaks over a leak is therefore kept, and so is the louder original. Where the louder track
 * arrived later, both are kept: otherwise somebody could take the words of others for their own by sending them on.
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

  push({ trackId, startMs, arrivedMs, pcm, probability }: CrosstalkFrame): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.history.push(pcm, startMs, arrivedMs);
    track.count += 1;
    const speech = probability >= SPEECH_PROBABILITY;
    const frame: Frame = { startMs, speech, source: undefined, comparisons: new Map() };
    track.frames.push(frame);
    if (speech) frame.source = this.#sourceOf({ track, frame, search: track.count % SEARCH_EVERY_FRAMES === 0 });
    if (track.frames.length > REMEMBERED_FRAMES) track.frames.splice(0, REMEMBERED_FRAMES / 4);
  }

  /** Whether a frame, the newest one as a rule, carries somebody else's voice for certain. */
  frameIsCrosstalk(trackId: string, startMs: number): boolean {
    const frame = this.#tracks.get(trackId)?.frames.findLast((each) => each.startMs <= startMs + 1);
    return frame?.source?.first === true;
  }

  /**
   * Looks at a stretch again, with all that has come from the other tracks since. What was compared with all there is to compare
   * is not compared again: an utterance may be judged as often as it has interims.
   */
  judge(trackId: string, startMs: number, endMs: number): CrosstalkVerdict {
    const track = this.#tracks.get(trackId);
    if (track === undefined || this.#tracks.size < 2) return { crosstalk: false, explainedShare: 0 };
    const sources: (Source | undefined)[] = [];
    for (const frame of track.frames) {
      if (!frame.speech || frame.startMs < startMs - FRAME_MS || frame.startMs >= endMs) continue;
      frame.source ??= this.#sourceOf({ track, frame, search: sources.length % SEARCH_EVERY_FRAMES === 0 });
      sources.push(frame.source);
    }
    return verdictOf(sources);
  }

  /** The track that explains what was heard up to the end of a frame, if one does; of several one that arrived first. */
  #sourceOf({ track, frame, search }: { track: Track; frame: Frame; search: boolean }): Source | undefined {
    const endMs = frame.startMs + FRAME_MS;
    const startMs = endMs - WINDOW_MS;
    let heard: Heard | undefined;
    let later: Source | undefined;
    for (const [otherId, pair] of track.pairs) {
      const { history } = pair.other;
      const throughMs = Math.min(history.endMs, endMs - EARLIEST_MS + READ_MARGIN_MS);
      const before = frame.comparisons.get(pair);
      const more = before === undefined || throughMs > before.throughMs;
      const tryDelay = pair.delayMs !== undefined && (more || pair.delayMs !== before.delayMs);
      const trySearch = search && (more || !before.searched);
      if (!tryDelay && !trySearch) continue;
      heard ??= readHeard(track.history, startMs);
      const comparable = canExplain(history, heard);
      if (comparable) {
        const delayMs = delayOf({ pair, heard, tryDelay, trySearch });
        if (delayMs !== undefined) {
          pair.delayMs = delayMs;
          const first = arrivedFirst({ own: track.history, other: history, startMs, delayMs });
          if (first) return { trackId: otherId, first };
          later ??= { trackId: otherId, first };
          continue;
        }
      }
      const searched = trySearch || !comparable || (!more && before.searched);
      frame.comparisons.set(pair, { throughMs, delayMs: pair.delayMs, searched });
    }
    return later;
  }
}

/** By how much what was heard is later than the other track, where that explains it: as found before, or looked for anew. */
function delayOf(options: { pair: Pair; heard: Heard; tryDelay: boolean; trySearch: boolean }): number | undefined {
  const { pair, heard, tryDelay, trySearch } = options;
  const { history } = pair.other;
  if (tryDelay && pair.delayMs !== undefined && isExplained(history, heard, pair.delayMs)) return pair.delayMs;
  const found = trySearch ? findDelay(history, heard) : undefined;
  return found !== undefined && isExplained(history, heard, found) ? found : undefined;
}

/** @param sources of each frame with speech */
export function verdictOf(sources: readonly (Source | undefined)[]): CrosstalkVerdict {
  const found = sources.filter((source) => source !== undefined);
  const certain = found.filter(({ first }) => first);
  const shareOf = (part: readonly Source[]) => (sources.length === 0 ? 0 : part.length / sources.length);
  const explainedShare = shareOf(certain);
  if (explainedShare >= LEAST_UTTERANCE_SHARE) {
    return { crosstalk: true, explainedShare, sourceTrackId: mostOften(certain) };
  }
  if (shareOf(found) < LEAST_UTTERANCE_SHARE) return { crosstalk: false, explainedShare };
  return { crosstalk: false, explainedShare, alsoOnTrackId: mostOften(found) };
}

/** @param sources at least one */
function mostOften(sources: readonly Source[]): string {
  const counts = new Map<string, number>();
  for (const { trackId } of sources) counts.set(trackId, (counts.get(trackId) ?? 0) + 1);
  const [[trackId]] = [...counts].sort((a, b) => b[1] - a[1]) as [[string, number]];
  return trackId;
}
