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
import type { TrackHistory } from './TrackHistory.js';

export const FRAME_MS = 32;
/** Beyond the window that is compared, what is read for the filter and for rounding. */
const READ_MARGIN_MS = 2;

/** One track as another one is compared with it. */
export interface Pair {
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

/** A frame of a track, and what it was compared with. */
export interface Frame {
  startMs: number;
  speech: boolean;
  source: Source | undefined;
  comparisons: Map<Pair, Comparison>;
}

/** What is known of one track, and of whose voices may be in it. */
export interface Track {
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

/** The track that explains what was heard up to the end of a frame, if one does; of several one that arrived first. */
export function sourceOf(options: Omit<Look, 'heard'>): Source | undefined {
  const { track, frame } = options;
  let heard: Heard | undefined;
  const look: Look = {
    ...options,
    heard: () => {
      heard ??= readHeard(track.history, frame.startMs + FRAME_MS - WINDOW_MS);
      return heard;
    },
  };
  const leak = leakIn(look);
  if (leak?.first === true) return leak;
  const echo = echoIn(look);
  return echo?.first === true ? echo : (leak ?? echo);
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
  let later: Source | undefined;
  const dues: Due[] = [];
  for (const pair of look.track.echoes.values()) {
    const due = dueOf(look, pair, ECHO);
    if (due === undefined) continue;
    if (!canExplain(pair.other.history, look.heard(), ECHO)) {
      remember(look, { ...due, comparable: false });
      continue;
    }
    const delayMs = knownDelayOf(look, due);
    if (delayMs === undefined) {
      dues.push(due);
      continue;
    }
    const source = sourceAt(look, { pair, delayMs });
    if (source.first) return source;
    later ??= source;
  }
  const searched = dues.filter(({ trySearch }) => trySearch);
  if (searched.length > 0) {
    const histories = searched.map(({ pair }) => pair.other.history);
    const delayMs = findDelay(histories, look.heard(), ECHO);
    const found = searched.find(
      ({ pair }) => delayMs !== undefined && isExplained(pair.other.history, look.heard(), delayMs),
    );
    if (found !== undefined && delayMs !== undefined) {
      const source = sourceAt(look, { pair: found.pair, delayMs });
      if (source.first) return source;
      later ??= source;
    }
  }
  for (const due of dues) remember(look, { ...due, comparable: true });
  return later;
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
