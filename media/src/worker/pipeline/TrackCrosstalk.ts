import type { SpeechSettings } from '../../settings/speechSettings.js';
import type { CrosstalkGuard, CrosstalkVerdict } from '../speech/crosstalk/index.js';
import { VAD_FRAME_SAMPLES } from '../speech/index.js';

export interface TrackCrosstalkOptions {
  trackId: string;
  /** Knows all tracks of the room. Without it every track is taken for its own speaker's. */
  guard: CrosstalkGuard | undefined;
  settings: SpeechSettings;
}

/** Half a second. */
const JUDGED_EVERY_FRAMES = 16;

/** What of one track is somebody else's voice, which is captioned there. */
export class TrackCrosstalk {
  readonly #trackId: string;
  readonly #guard: CrosstalkGuard | undefined;
  readonly #leave: () => void;
  #on: boolean;

  constructor(options: TrackCrosstalkOptions) {
    this.#trackId = options.trackId;
    this.#guard = options.guard;
    this.#on = options.settings.crosstalkGuard;
    this.#leave = options.guard?.open(options.trackId) ?? (() => {});
  }

  update(settings: SpeechSettings): void {
    this.#on = settings.crosstalkGuard;
  }

  /**
   * Whether the next frame carries somebody else's voice.
   * @param frame.pcm its samples, read only where they are needed
   * @param frame.utterance what is being said
   */
  isIn(frame: {
    startSample: number;
    startMs: number;
    arrivedMs: number;
    probability: number;
    pcm: () => Int16Array;
    utterance: { startMs: number } | undefined;
  }): boolean {
    const { startSample, startMs, arrivedMs, probability, utterance } = frame;
    const guard = this.#guard;
    if (guard === undefined || !this.#on) return false;
    guard.push({ trackId: this.#trackId, startMs, arrivedMs, pcm: frame.pcm(), probability });
    // A little at a time: to judge the whole of a long utterance at its end would hold up everybody's audio.
    if (utterance !== undefined && (startSample / VAD_FRAME_SAMPLES) % JUDGED_EVERY_FRAMES < 1) {
      guard.judge(this.#trackId, utterance.startMs, startMs);
    }
    return guard.frameIsCrosstalk(this.#trackId, startMs);
  }

  /** Whether most of an utterance is somebody else's voice. */
  covers(utterance: { startMs: number; endMs: number }): boolean {
    return this.#judge(utterance)?.crosstalk === true;
  }

  /** The track that carries the same voice louder, where it cannot be decided whose it is. */
  alsoOn(utterance: { startMs: number; endMs: number }): string | undefined {
    return this.#judge(utterance)?.alsoOnTrackId;
  }

  #judge({ startMs, endMs }: { startMs: number; endMs: number }): CrosstalkVerdict | undefined {
    return this.#on ? this.#guard?.judge(this.#trackId, startMs, endMs) : undefined;
  }

  /** The track goes on elsewhere. */
  jump(): void {
    this.#guard?.jump(this.#trackId);
  }

  /** Idempotent. */
  close(): void {
    this.#leave();
  }
}
