import { SpeechGain } from './level/index.js';

/** Samples of one frame: 32 ms at 16 kHz. */
export const VAD_FRAME_SAMPLES = 512;
/** Samples of the previous frame that the model gets again with each frame. */
export const VAD_CONTEXT_SAMPLES = 64;
/** Frames that one stream may have waiting (4 s). */
export const VAD_QUEUE_FRAMES = 128;
/** Floats of one stream's share of the state tensor: two layers of 128. */
export const VAD_STATE_SIZE = 256;

export interface VoiceActivityStreamOptions {
  /**
   * Called once for each pushed frame, in the order of the pushes. Frames that could not be processed (queue full, failed run) get the
   * previous probability, so that an overload neither ends an utterance nor starts one.
   */
  onProbability(probability: number): void;
  /**
   * A run of the model failed (its frames are answered as above, and it is counted in the model's stats), or `onProbability`
   * threw.
   */
  onError?(error: Error): void;
}

/** What the model provides for its streams. */
export interface VoiceActivityHost {
  /** The stream has something to run and is not in line. */
  ready(stream: VoiceActivityStream): void;
  closed(stream: VoiceActivityStream): void;
}

const RESET = Symbol('reset');
/** Stands for discarded frames. */
interface Skipped {
  frames: number;
}
type Entry = Int16Array | Skipped | typeof RESET;

/** One speaker's path into the batched model, with the gain that quiet speech needs there. Made by `VoiceActivityModel.open`. */
export class VoiceActivityStream {
  /** The row of the recurrent state, and the end of the previous frame; the model reads and writes both. */
  readonly state = new Float32Array(VAD_STATE_SIZE);
  readonly context = new Float32Array(VAD_CONTEXT_SAMPLES);
  readonly #gain = new SpeechGain();
  readonly #host: VoiceActivityHost;
  readonly #options: VoiceActivityStreamOptions;
  #queue: Entry[] = [];
  #waitingFrames = 0;
  #inFlight = false;
  #closed = false;
  #lastProbability = 0;
  #droppedFrames = 0;
  #drained: (() => void)[] = [];

  constructor(host: VoiceActivityHost, options: VoiceActivityStreamOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Frames that the full queue discarded, oldest first, since the start. */
  get droppedFrames(): number {
    return this.#droppedFrames;
  }

  /** @param frame 512 samples at 16 kHz; copied @throws RangeError for another length */
  push(frame: Int16Array): void {
    if (frame.length !== VAD_FRAME_SAMPLES) throw new RangeError(`a frame has ${VAD_FRAME_SAMPLES} samples`);
    if (this.#closed) return;
    if (this.#waitingFrames >= VAD_QUEUE_FRAMES) this.#dropOldest();
    this.#queue.push(this.#gain.apply(frame));
    this.#waitingFrames += 1;
    if (!this.#inFlight) this.#host.ready(this);
  }

  /** Forgets the past for all frames pushed from now on, but not how quiet the speaker is. */
  reset(): void {
    if (this.#closed) return;
    this.#queue.push(RESET);
    if (!this.#inFlight) this.#answerSkipped();
  }

  /** Settles when all frames that have been pushed are answered, or the stream is closed. */
  drain(): Promise<void> {
    if (this.#closed || (!this.#inFlight && this.#queue.length === 0)) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Discards waiting frames; no callback comes afterwards. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#waitingFrames = 0;
    this.#host.closed(this);
    this.#settleDrained();
  }

  /** For the model: the next frame to run, if there is one; it is then in flight until `finish` or `fail`. */
  takeFrame(): Int16Array | undefined {
    if (this.#inFlight || this.#closed) return undefined;
    const head = this.#queue[0];
    if (!(head instanceof Int16Array)) return undefined;
    this.#queue.shift();
    this.#waitingFrames -= 1;
    this.#inFlight = true;
    return head;
  }

  /** For the model: the answer to the frame in flight. */
  finish(probability: number): void {
    this.#inFlight = false;
    if (this.#closed) return;
    this.#answer(probability);
    this.#goOn();
  }

  /** For the model: the run with the frame in flight failed. */
  fail(error: Error): void {
    this.#inFlight = false;
    if (this.#closed) return;
    this.#options.onError?.(error);
    this.#answer(this.#lastProbability);
    this.#goOn();
  }

  #goOn(): void {
    this.#answerSkipped();
    if (this.#closed) return;
    if (this.#queue.length > 0) this.#host.ready(this);
    else this.#settleDrained();
  }

  /** Answers all frames before the next one that needs a run. */
  #answerSkipped(): void {
    while (!this.#closed) {
      const head = this.#queue[0];
      if (head === undefined || head instanceof Int16Array) return;
      this.#queue.shift();
      if (head === RESET) {
        this.state.fill(0);
        this.context.fill(0);
        this.#lastProbability = 0;
      } else {
        for (let frame = 0; frame < head.frames && !this.#closed; frame += 1) this.#answer(this.#lastProbability);
      }
    }
  }

  #answer(probability: number): void {
    if (this.#closed) return;
    this.#lastProbability = probability;
    try {
      this.#options.onProbability(probability);
    } catch (error) {
      this.#reportListener(error);
    }
  }

  /** One speaker's failing listener must not cost the others their answers; nor may it go unreported. */
  #reportListener(error: unknown): void {
    const { onError } = this.#options;
    if (onError === undefined) {
      queueMicrotask(() => {
        throw error;
      });
    } else {
      onError(error instanceof Error ? error : new Error('a listener failed', { cause: error }));
    }
  }

  /** The place in the order of answers is kept; only the audio is dropped. */
  #dropOldest(): void {
    const index = this.#queue.findIndex((entry) => entry instanceof Int16Array);
    if (index < 0) return;
    const before = this.#queue[index - 1];
    if (before !== undefined && before !== RESET && !(before instanceof Int16Array)) {
      before.frames += 1;
      this.#queue.splice(index, 1);
    } else {
      this.#queue[index] = { frames: 1 };
    }
    this.#waitingFrames -= 1;
    this.#droppedFrames += 1;
    if (!this.#inFlight) this.#answerSkipped();
  }

  #settleDrained(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }
}
