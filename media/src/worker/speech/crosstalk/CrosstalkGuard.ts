import { FRAME_MS, type Frame, type Pair, type Source, sourceOf, type Track } from './findSource.js';
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

/** A delay that was found is tried first, and looked for again in every third frame only. */
const SEARCH_EVERY_FRAMES = 3;
const SPEECH_PROBABILITY = 0.35;
/** Of an utterance's speech, what makes all of it somebody else's. */
const LEAST_UTTERANCE_SHARE = 0.6;
const REMEMBERED_FRAMES = 1_000;

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
