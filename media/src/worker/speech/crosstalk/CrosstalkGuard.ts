import {
  arrivedFirst,
  canExplain,
  ECHO,
  findDelay,
  type Heard,
  isExplained,
  type Lags,
  LEAK,
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
  otherId: string;
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
  /** Whose voice may come through the air: every other track, by its id. */
  pairs: Map<string, Pair>;
  /** The tracks that are sent to this one's participant, open or not. */
  sent: ReadonlySet<string>;
  /** Whose voice may come from the loudspeaker: those of `sent` that are open, by their ids. */
  echoes: Map<string, Pair>;
  count: number;
}

/** A frame that is looked at. */
interface Look {
  track: Track;
  frame: Frame;
  /** Whether a delay is looked for that is not known. */
  search: boolean;
  /** Up to the end of the frame; read once it is needed. */
  heard: () => Heard;
}

/**
 * Finds voices that reached a second microphone. Sound on a track that is a quieter, later copy of what another track carries is
 * crosstalk: it is predicted from that track (delay by cross-correlation, gains by least squares), and what cannot be predicted is
 * the speaker's own. Somebody who speaks over a leak is therefore kept, and so is the louder original. Where the louder track
 * arrived later, both are kept: otherwise somebody could take the words of others for their own by sending them on.
 *
 * A voice comes to another microphone through the air, from any track of the room (`LEAK`), or from a loudspeaker that plays what was
 * sent there, which takes longer (`ECHO`). The latter is looked for among those tracks only, in all of them at once.
 */
export class CrosstalkGuard {
  readonly #tracks = new Map<string, Track>();

  /** @returns ends the track; to be called by who opened it, and of no effect on a later one of the same id */
  open(trackId: string): () => void {
    this.close(trackId);
    const opened: Track = {
      history: new TrackHistory(),
      frames: [],
      pairs: new Map(),
      sent: new Set(),
      echoes: new Map(),
      count: 0,
    };
    for (const [otherId, other] of this.#tracks) {
      opened.pairs.set(otherId, pairWith(otherId, other));
      other.pairs.set(trackId, pairWith(trackId, opened));
      if (other.sent.has(trackId)) other.echoes.set(trackId, pairWith(trackId, opened));
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
    closed.echoes.clear();
    closed.frames = [];
    closed.history.clear();
    for (const track of this.#tracks.values()) {
      forget(track, track.pairs, trackId);
      forget(track, track.echoes, trackId);
    }
  }

  /**
   * Says what a track's participant is sent, and may come back from their loudspeaker. Until then that is nothing.
   * @param sentTrackIds all of it; they may open later
   */
  setSent(trackId: string, sentTrackIds: Iterable<string>): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.sent = new Set(sentTrackIds);
    for (const [otherId, other] of this.#tracks) {
      if (other === track || !track.sent.has(otherId)) forget(track, track.echoes, otherId);
      else if (!track.echoes.has(otherId)) track.echoes.set(otherId, pairWith(otherId, other));
    }
  }

  /** The track's time line goes on elsewhere. */
  jump(trackId: string): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.history.clear();
    track.frames = [];
    // What it was compared with before does not count any more.
    for (const { pairs, echoes } of this.#tracks.values()) {
      for (const known of [pairs, echoes]) {
        const pair = known.get(trackId);
        if (pair !== undefined) known.set(trackId, { ...pair });
      }
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
    if (speech) frame.source = sourceOf({ track, frame, search: track.count % SEARCH_EVERY_FRAMES === 0 });
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
      frame.source ??= sourceOf({ track, frame, search: sources.length % SEARCH_EVERY_FRAMES === 0 });
      sources.push(frame.source);
    }
    return verdictOf(sources);
  }
}

function pairWith(otherId: string, other: Track): Pair {
  return { otherId, other, delayMs: undefined };
}

/** Ends a pair of a track. */
function forget(track: Track, pairs: Map<string, Pair>, otherId: string): void {
  const pair = pairs.get(otherId);
  if (pair === undefined) return;
  pairs.delete(otherId);
  for (const frame of track.frames) frame.comparisons.delete(pair);
}

/** The track that explains what was heard up to the end of a frame, if one does; of several one that arrived first. */
function sourceOf(options: Omit<Look, 'heard'>): Source | undefined {
  const { track, frame } = options;
  let heard: Heard | undefined;
  const look: Look = {
    ...options,
    heard: () => {
      heard ??= readHeard(track.history, frame.startMs + FRAME_MS - WINDOW_MS);
      return heard;
    },
  };
  return leakIn(look) ?? echoIn(look);
}

/** The track whose voice comes through the air. */
function leakIn(look: Look): Source | undefined {
  let later: Source | undefined;
  for (const pair of look.track.pairs.values()) {
    const due = dueOf(look, pair, LEAK);
    if (due === undefined) continue;
    const { history } = pair.other;
    const comparable = canExplain(history, look.heard(), LEAK);
    const delayMs = comparable ? (knownDelayOf(look, due) ?? newDelayOf(look, due)) : undefined;
    if (delayMs === undefined) {
      remember(look, { ...due, comparable });
      continue;
    }
    const source = sourceAt(look, { pair, delayMs });
    if (source.first) return source;
    later ??= source;
  }
  return later;
}

/** The track whose voice comes from the loudspeaker. A delay that is not known is looked for in all that was sent, as it was played. */
function echoIn(look: Look): Source | undefined {
  const dues: Due[] = [];
  for (const pair of look.track.echoes.values()) {
    const due = dueOf(look, pair, ECHO);
    if (due === undefined) continue;
    if (!canExplain(pair.other.history, look.heard(), ECHO)) {
      remember(look, { ...due, comparable: false });
      continue;
    }
    const delayMs = knownDelayOf(look, due);
    if (delayMs !== undefined) return sourceAt(look, { pair, delayMs });
    dues.push(due);
  }
  const searched = dues.filter(({ trySearch }) => trySearch);
  if (searched.length > 0) {
    const histories = searched.map(({ pair }) => pair.other.history);
    const delayMs = findDelay(histories, look.heard(), ECHO);
    const found = searched.find(
      ({ pair }) => delayMs !== undefined && isExplained(pair.other.history, look.heard(), delayMs),
    );
    if (found !== undefined && delayMs !== undefined) return sourceAt(look, { pair: found.pair, delayMs });
  }
  for (const due of dues) remember(look, { ...due, comparable: true });
  return undefined;
}

/** A comparison that may find something that it did not find before. */
interface Due {
  pair: Pair;
  before: Comparison | undefined;
  throughMs: number;
  /** There is more of the other track to compare with. */
  more: boolean;
  tryDelay: boolean;
  trySearch: boolean;
}

function dueOf({ frame, search }: Look, pair: Pair, { fromMs }: Lags): Due | undefined {
  const throughMs = Math.min(pair.other.history.endMs, frame.startMs + FRAME_MS - fromMs + READ_MARGIN_MS);
  const before = frame.comparisons.get(pair);
  const more = before === undefined || throughMs > before.throughMs;
  const tryDelay = pair.delayMs !== undefined && (more || pair.delayMs !== before.delayMs);
  const trySearch = search && (more || !before.searched);
  return tryDelay || trySearch ? { pair, before, throughMs, more, tryDelay, trySearch } : undefined;
}

function remember(
  { frame }: Look,
  { pair, before, throughMs, more, trySearch, comparable }: Due & { comparable: boolean },
): void {
  const searched = trySearch || !comparable || (!more && before?.searched === true);
  frame.comparisons.set(pair, { throughMs, delayMs: pair.delayMs, searched });
}

/** By how much what was heard is later than the other track, where that explains it: as found before ... */
function knownDelayOf(look: Look, { pair, tryDelay }: Due): number | undefined {
  const { delayMs, other } = pair;
  if (!tryDelay || delayMs === undefined) return undefined;
  return isExplained(other.history, look.heard(), delayMs) ? delayMs : undefined;
}

/** ... or looked for again. */
function newDelayOf(look: Look, { pair, trySearch }: Due): number | undefined {
  if (!trySearch) return undefined;
  const { history } = pair.other;
  const delayMs = findDelay([history], look.heard(), LEAK);
  return delayMs !== undefined && isExplained(history, look.heard(), delayMs) ? delayMs : undefined;
}

function sourceAt({ track, heard }: Look, { pair, delayMs }: { pair: Pair; delayMs: number }): Source {
  pair.delayMs = delayMs;
  const { startMs } = heard();
  const first = arrivedFirst({ own: track.history, other: pair.other.history, startMs, delayMs });
  return { trackId: pair.otherId, first };
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
