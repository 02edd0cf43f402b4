import { type CrosstalkFrame, type CrosstalkVerdict, verdictOf } from '../CrosstalkGuard.js';
import { arrivedFirst, canExplain, findDelay, isExplained, LEAK, readHeard, WINDOW_MS } from '../compare.js';
import type { Source } from '../findSource.js';
import { TrackHistory } from '../TrackHistory.js';

/** A delay that was found is tried first, and looked for anew in every so manieth frame only. */
const SEARCH_EVERY_FRAMES = 3;
const FRAME_MS = 32;
const SPEECH_PROBABILITY = 0.35;
const REMEMBERED_FRAMES = 1_000;

interface Track {
  history: TrackHistory;
  frames: { startMs: number; speech: boolean; source: Source | undefined }[];
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

  push({ trackId, startMs, arrivedMs, pcm, probability }: CrosstalkFrame): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    track.history.push(pcm, startMs, arrivedMs);
    track.count += 1;
    const speech = probability >= SPEECH_PROBABILITY;
    const search = track.count % SEARCH_EVERY_FRAMES === 0;
    const source = speech ? this.#sourceOf({ trackId, track, endMs: startMs + FRAME_MS, search }) : undefined;
    track.frames.push({ startMs, speech, source });
    if (track.frames.length > REMEMBERED_FRAMES) track.frames.splice(0, REMEMBERED_FRAMES / 4);
  }

  /** Whether a frame, the newest one as a rule, carries somebody else's voice. */
  frameIsCrosstalk(trackId: string, startMs: number): boolean {
    const frame = this.#tracks.get(trackId)?.frames.findLast((each) => each.startMs <= startMs + 1);
    return frame?.source?.first === true;
  }

  /** Looks at a stretch again, with all that has come from the other tracks since. */
  judge(trackId: string, startMs: number, endMs: number): CrosstalkVerdict {
    const track = this.#tracks.get(trackId);
    if (track === undefined || this.#tracks.size < 2) return { crosstalk: false, explainedShare: 0 };
    const sources: (Source | undefined)[] = [];
    for (const frame of track.frames) {
      if (!frame.speech || frame.startMs < startMs - FRAME_MS || frame.startMs >= endMs) continue;
      const search = sources.length % SEARCH_EVERY_FRAMES === 0;
      frame.source ??= this.#sourceOf({ trackId, track, endMs: frame.startMs + FRAME_MS, search });
      sources.push(frame.source);
    }
    return verdictOf(sources);
  }

  /** The track that explains what was heard up to a time, if one does. */
  #sourceOf(options: { trackId: string; track: Track; endMs: number; search: boolean }): Source | undefined {
    const { trackId, track, endMs, search } = options;
    const startMs = endMs - WINDOW_MS;
    const heard = readHeard(track.history, startMs);
    let later: Source | undefined;
    for (const [otherId, { history }] of this.#tracks) {
      if (otherId === trackId || !canExplain(history, heard, LEAK)) continue;
      let delayMs = track.delaysMs.get(otherId);
      if (delayMs === undefined || !isExplained(history, heard, delayMs)) {
        delayMs = search ? findDelay([history], heard, LEAK) : undefined;
        if (delayMs === undefined || !isExplained(history, heard, delayMs)) continue;
      }
      track.delaysMs.set(otherId, delayMs);
      const first = arrivedFirst({ own: track.history, other: history, startMs, delayMs });
      if (first) return { trackId: otherId, first };
      later ??= { trackId: otherId, first };
    }
    return later;
  }
}
