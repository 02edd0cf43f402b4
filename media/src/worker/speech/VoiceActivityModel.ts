import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from './onnxRuntime.js';
import {
  VAD_CONTEXT_SAMPLES,
  VAD_FRAME_SAMPLES,
  VAD_STATE_SIZE,
  type VoiceActivityHost,
  VoiceActivityStream,
  type VoiceActivityStreamOptions,
} from './VoiceActivityStream.js';

export type VoiceActivityErrorCode = 'VAD_MODEL_UNREADABLE' | 'VAD_RUN_FAILED' | 'VAD_CLOSED';

export class VoiceActivityError extends Error {
  override readonly name = 'VoiceActivityError';
  readonly code: VoiceActivityErrorCode;

  constructor(code: VoiceActivityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface VoiceActivityModelOptions {
  /** Default: the one of `media/models`. */
  modelPath?: string;
  /** CPU threads of one run. Default 1: a run is far too small to share. */
  threads?: number;
}

/** Sum over all streams since the start. */
export interface VoiceActivityStats {
  runs: number;
  frames: number;
  failedRuns: number;
}

/** Most streams that one run takes. */
export const VAD_MAX_BATCH = 64;
/** Half of a row of the state: the tensor is [2 layers, batch, 128]. */
const LAYER_SIZE = VAD_STATE_SIZE / 2;
const ROW_SAMPLES = VAD_CONTEXT_SAMPLES + VAD_FRAME_SAMPLES;
const PACKAGED_MODEL = new URL('../../../models/silero_vad_v6_16k.onnx', import.meta.url);

/**
 * Silero VAD for many speakers at once: the frames that are ready go through ONE run, one frame and one row of recurrent
 * state for each stream.
 *
 * Model (Silero v6): `input` float32 [batch, 64 + 512], of which the first 64 samples are the last ones of the frame before,
 * `sr` int64 scalar, `state` float32 [2, batch, 128]; gives `output` [batch, 1] and `stateN`. At most one run at a time; while
 * it works the next batch gathers.
 */
export class VoiceActivityModel {
  readonly #session: InferenceSession;
  readonly #streams = new Set<VoiceActivityStream>();
  /** Streams with a frame to run, in the order in which they became ready. */
  #line = new Set<VoiceActivityStream>();
  #scheduled = false;
  #running: Promise<void> | undefined;
  #closed = false;
  readonly #sampleRate = new Tensor('int64', BigInt64Array.from([16_000n]), []);
  readonly #input = new Float32Array(VAD_MAX_BATCH * ROW_SAMPLES);
  readonly #state = new Float32Array(VAD_MAX_BATCH * VAD_STATE_SIZE);
  readonly #stats: VoiceActivityStats = { runs: 0, frames: 0, failedRuns: 0 };
  readonly #host: VoiceActivityHost = {
    ready: (stream) => this.#enqueue(stream),
    closed: (stream) => {
      this.#streams.delete(stream);
      this.#line.delete(stream);
    },
  };

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @throws VoiceActivityError `VAD_MODEL_UNREADABLE` */
  static async create(options: VoiceActivityModelOptions = {}): Promise<VoiceActivityModel> {
    const threads = options.threads ?? 1;
    try {
      const modelPath = options.modelPath ?? fileURLToPath(PACKAGED_MODEL);
      const session = await InferenceSession.create(modelPath, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        // Says nothing below an error: the model's unused initialisers are not ours to mend.
        logSeverityLevel: 3,
      });
      return new VoiceActivityModel(session);
    } catch (error) {
      throw new VoiceActivityError('VAD_MODEL_UNREADABLE', 'the voice activity model cannot be loaded', {
        cause: error,
      });
    }
  }

  get stats(): VoiceActivityStats {
    return { ...this.#stats };
  }

  /** @throws VoiceActivityError `VAD_CLOSED` */
  open(options: VoiceActivityStreamOptions): VoiceActivityStream {
    if (this.#closed) throw new VoiceActivityError('VAD_CLOSED', 'the voice activity model is closed');
    const stream = new VoiceActivityStream(this.#host, options);
    this.#streams.add(stream);
    return stream;
  }

  /** Closes all streams, waits for the run in flight, frees the model. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of [...this.#streams]) stream.close();
    await this.#running;
    await this.#session.release();
  }

  #enqueue(stream: VoiceActivityStream): void {
    if (this.#closed) return;
    this.#line.add(stream);
    if (this.#scheduled || this.#running !== undefined) return;
    this.#scheduled = true;
    // Everything that this turn of the event loop brings goes into one batch.
    setImmediate(() => {
      this.#scheduled = false;
      this.#startRun();
    });
  }

  #startRun(): void {
    if (this.#closed || this.#running !== undefined) return;
    const batch: VoiceActivityStream[] = [];
    for (const stream of this.#line) {
      this.#line.delete(stream);
      const frame = stream.takeFrame();
      if (frame === undefined) continue;
      this.#fillRow(batch.length, stream, frame);
      batch.push(stream);
      if (batch.length === VAD_MAX_BATCH) break;
    }
    if (batch.length === 0) return;
    this.#running = this.#run(batch).finally(() => {
      this.#running = undefined;
      if (this.#line.size > 0) this.#startRun();
    });
  }

  #fillRow(row: number, { context }: VoiceActivityStream, frame: Int16Array): void {
    const input = this.#input.subarray(row * ROW_SAMPLES, (row + 1) * ROW_SAMPLES);
    input.set(context);
    for (let sample = 0; sample < VAD_FRAME_SAMPLES; sample += 1) {
      input[VAD_CONTEXT_SAMPLES + sample] = (frame[sample] ?? 0) / 32_768;
    }
    context.set(input.subarray(VAD_FRAME_SAMPLES));
  }

  async #run(batch: readonly VoiceActivityStream[]): Promise<void> {
    const size = batch.length;
    this.#stats.runs += 1;
    this.#stats.frames += size;
    for (const [row, stream] of batch.entries()) {
      for (let layer = 0; layer < 2; layer += 1) {
        const from = layer * LAYER_SIZE;
        const to = (layer * size + row) * LAYER_SIZE;
        this.#state.set(stream.state.subarray(from, from + LAYER_SIZE), to);
      }
    }
    let probabilities: Float32Array;
    try {
      const outputs = await this.#session.run({
        input: new Tensor('float32', this.#input.subarray(0, size * ROW_SAMPLES), [size, ROW_SAMPLES]),
        sr: this.#sampleRate,
        state: new Tensor('float32', this.#state.subarray(0, size * VAD_STATE_SIZE), [2, size, LAYER_SIZE]),
      });
      probabilities = floats(outputs, 'output');
      this.#keepState(batch, floats(outputs, 'stateN'));
    } catch (error) {
      this.#stats.failedRuns += 1;
      const failure = new VoiceActivityError('VAD_RUN_FAILED', 'a run of the voice activity model failed', {
        cause: error,
      });
      for (const stream of batch) stream.fail(failure);
      return;
    }
    for (const [row, stream] of batch.entries()) stream.finish(probabilities[row] ?? 0);
  }

  #keepState(batch: readonly VoiceActivityStream[], state: Float32Array): void {
    const size = batch.length;
    for (const [row, stream] of batch.entries()) {
      for (let layer = 0; layer < 2; layer += 1) {
        const from = (layer * size + row) * LAYER_SIZE;
        stream.state.set(state.subarray(from, from + LAYER_SIZE), layer * LAYER_SIZE);
      }
    }
  }
}

function floats(outputs: Awaited<ReturnType<InferenceSession['run']>>, name: string): Float32Array {
  const value = outputs[name];
  if (!(value instanceof Tensor) || !(value.data instanceof Float32Array))
    throw new Error(`the model gives no ${name}`);
  return value.data;
}
