import type { WakeWordModels } from '../../contract/messages.js';
import { InferenceSession, Tensor } from '../onnxRuntime.js';
import { phraseOfFile } from './phraseOfFile.js';
import {
  type WakeWordDetector,
  WakeWordError,
  type WakeWordStream,
  type WakeWordStreamOptions,
} from './WakeWordDetector.js';

export interface OpenWakeWordStats {
  /** Steps of 80 ms that were processed, and (`skippedHops`) skipped because too many were waiting. */
  hops: number;
  skippedHops: number;
  failedHops: number;
}

const MELS = 32;
const MEL_FRAMES = 76;
const FEATURES = 96;
const FEATURE_FRAMES = 16;
/** 80 ms; the spectrogram also needs the three steps before it. */
const HOP_SAMPLES = 1_280;
const CARRIED_SAMPLES = 480;
const NEW_MEL_FRAMES = 8;
/** Waiting hops of one track (2.5 s). */
const QUEUE_HOPS = 32;
/** The score has to hold for this many hops. */
const PATIENCE_HOPS = 2;
/** Hops after a detection in which the same word does not count again. */
const REFRACTORY_HOPS = 25;

interface Word {
  phrase: string;
  session: InferenceSession;
}

/**
 * Wake words in the format of openWakeWord (github.com/dscripka/openWakeWord): a spectrogram, features of a speech network over it, and a
 * small classifier for each word; one step every 80 ms. Its models are not part of this package; any of the same shapes work.
 */
export class OpenWakeWordDetector implements WakeWordDetector {
  readonly #mel: InferenceSession;
  readonly #embedding: InferenceSession;
  readonly #words: readonly Word[];
  readonly #streams = new Set<OpenWakeWordStream>();
  readonly #stats: OpenWakeWordStats = { hops: 0, skippedHops: 0, failedHops: 0 };
  #closed = false;

  private constructor(parts: { mel: InferenceSession; embedding: InferenceSession; words: readonly Word[] }) {
    this.#mel = parts.mel;
    this.#embedding = parts.embedding;
    this.#words = parts.words;
  }

  /** @throws WakeWordError `WAKE_MODEL_UNREADABLE`, or `WAKE_MODEL_UNSUITABLE` for a model of another shape */
  static async create(options: WakeWordModels): Promise<OpenWakeWordDetector> {
    const mel = await load(options.melModel);
    const embedding = await load(options.embeddingModel);
    const words: Word[] = [];
    for (const path of options.classifierModels) {
      words.push({ phrase: phraseOfFile(path), session: await load(path) });
    }
    const detector = new OpenWakeWordDetector({ mel, embedding, words });
    await detector.#check(options);
    return detector;
  }

  get phrases(): string[] {
    return [...new Set(this.#words.map(({ phrase }) => phrase))];
  }

  get stats(): OpenWakeWordStats {
    return { ...this.#stats };
  }

  open(options: WakeWordStreamOptions): WakeWordStream {
    const stream = new OpenWakeWordStream({
      ...options,
      stats: this.#stats,
      spectrogram: (samples) => run(this.#mel, samples, [1, samples.length]),
      features: (mels) => run(this.#embedding, mels, [1, MEL_FRAMES, MELS, 1]),
      scores: (features) => this.#scores(features),
      onClosed: (closed) => this.#streams.delete(closed),
    });
    this.#streams.add(stream);
    return stream;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const streams = [...this.#streams];
    for (const stream of streams) stream.close();
    await Promise.all(streams.map((stream) => stream.drain()));
    await Promise.all(
      [this.#mel, this.#embedding, ...this.#words.map(({ session }) => session)].map((each) => each.release()),
    );
  }

  async #scores(features: Float32Array): Promise<{ phrase: string; score: number }[]> {
    const scores = new Map<string, number>();
    for (const { phrase, session } of this.#words) {
      const [score = 0] = await run(session, features, [1, FEATURE_FRAMES, FEATURES]);
      scores.set(phrase, Math.max(score, scores.get(phrase) ?? 0));
    }
    return [...scores].map(([phrase, score]) => ({ phrase, score }));
  }

  /** Runs each model once on silence: a wrong file is reported at the start, not during a call. */
  async #check(options: WakeWordModels): Promise<void> {
    const expectLength = (path: string, found: number, wanted: (length: number) => boolean) => {
      if (!wanted(found)) throw unsuitable(path, `it answers with ${found} numbers`);
    };
    const samples = new Float32Array(CARRIED_SAMPLES + HOP_SAMPLES);
    const mels = await tried(options.melModel, () => run(this.#mel, samples, [1, samples.length]));
    expectLength(options.melModel, mels.length, (length) => length >= NEW_MEL_FRAMES * MELS && length % MELS === 0);
    const window = new Float32Array(MEL_FRAMES * MELS);
    const features = await tried(options.embeddingModel, () => run(this.#embedding, window, [1, MEL_FRAMES, MELS, 1]));
    expectLength(options.embeddingModel, features.length, (length) => length === FEATURES);
    for (const [index, { session }] of this.#words.entries()) {
      const path = options.classifierModels[index] ?? '';
      const input = new Float32Array(FEATURE_FRAMES * FEATURES);
      const score = await tried(path, () => run(session, input, [1, FEATURE_FRAMES, FEATURES]));
      expectLength(path, score.length, (length) => length === 1);
    }
  }
}

interface StreamParts extends WakeWordStreamOptions {
  stats: OpenWakeWordStats;
  spectrogram(samples: Float32Array): Promise<Float32Array>;
  features(mels: Float32Array): Promise<Float32Array>;
  scores(features: Float32Array): Promise<{ phrase: string; score: number }[]>;
  onClosed(stream: OpenWakeWordStream): void;
}

/** One track: processes hops one after the other. */
class OpenWakeWordStream implements WakeWordStream {
  readonly #parts: StreamParts;
  readonly #threshold: number;
  readonly #hop = new Float32Array(HOP_SAMPLES);
  #filled = 0;
  #waiting: Float32Array[] = [];
  #working: Promise<void> | undefined;
  /** Counts resets: what started before a reset changes nothing after it. */
  #epoch = 0;
  #carried = new Float32Array(CARRIED_SAMPLES);
  #mels = new Float32Array(MEL_FRAMES * MELS).fill(1);
  #features = new Float32Array(FEATURE_FRAMES * FEATURES);
  #heardHops = 0;
  readonly #over = new Map<string, number>();
  /** For words detected a moment ago. Each has its own, because a model may take another's word for its own. */
  readonly #quietUntilHop = new Map<string, number>();
  #closed = false;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    // 0.5, openWakeWord's own, at the usual sensitivity of 0.6.
    this.#threshold = 0.8 - 0.5 * parts.sensitivity;
  }

  push(pcm: Int16Array): void {
    if (this.#closed) return;
    for (const sample of pcm) {
      this.#hop[this.#filled] = sample;
      this.#filled += 1;
      if (this.#filled < HOP_SAMPLES) continue;
      this.#filled = 0;
      this.#waiting.push(this.#hop.slice());
      if (this.#waiting.length > QUEUE_HOPS) {
        this.#waiting.shift();
        this.#parts.stats.skippedHops += 1;
      }
    }
    this.#work();
  }

  reset(): void {
    this.#epoch += 1;
    this.#waiting = [];
    this.#filled = 0;
    this.#carried.fill(0);
    this.#mels.fill(1);
    this.#features.fill(0);
    this.#heardHops = 0;
    this.#quietUntilHop.clear();
    this.#over.clear();
  }

  async drain(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#parts.onClosed(this);
  }

  #work(): void {
    if (this.#working !== undefined || this.#waiting.length === 0) return;
    this.#working = this.#listen().finally(() => {
      this.#working = undefined;
      this.#work();
    });
  }

  async #listen(): Promise<void> {
    for (let hop = this.#waiting.shift(); hop !== undefined && !this.#closed; hop = this.#waiting.shift()) {
      const epoch = this.#epoch;
      try {
        await this.#listenTo(hop, epoch);
        this.#parts.stats.hops += 1;
      } catch {
        // A word may be missed; the track goes on.
        this.#parts.stats.failedHops += 1;
      }
    }
  }

  async #listenTo(hop: Float32Array, epoch: number): Promise<void> {
    const samples = new Float32Array(CARRIED_SAMPLES + HOP_SAMPLES);
    samples.set(this.#carried);
    samples.set(hop, CARRIED_SAMPLES);
    this.#carried.set(hop.subarray(HOP_SAMPLES - CARRIED_SAMPLES));
    const spectrum = await this.#parts.spectrogram(samples);
    if (epoch !== this.#epoch) return;
    append(
      this.#mels,
      spectrum.subarray(spectrum.length - NEW_MEL_FRAMES * MELS).map((value) => value / 10 + 2),
    );
    const features = await this.#parts.features(this.#mels.slice());
    if (epoch !== this.#epoch) return;
    append(this.#features, features);
    this.#heardHops += 1;
    // Before that, part of the classifier's input was never filled.
    if (this.#heardHops < FEATURE_FRAMES) return;
    const scores = await this.#parts.scores(this.#features.slice());
    if (epoch === this.#epoch && !this.#closed) for (const score of scores) this.#judge(score);
  }

  #judge({ phrase, score }: { phrase: string; score: number }): void {
    const over = score >= this.#threshold ? (this.#over.get(phrase) ?? 0) + 1 : 0;
    this.#over.set(phrase, over);
    if (over !== PATIENCE_HOPS || this.#heardHops < (this.#quietUntilHop.get(phrase) ?? 0)) return;
    this.#quietUntilHop.set(phrase, this.#heardHops + REFRACTORY_HOPS);
    this.#parts.onDetection({ phrase, score });
  }
}

/** Shifts the content to the left and puts the new values at the end. */
function append(buffer: Float32Array, values: Float32Array): void {
  buffer.copyWithin(0, values.length);
  buffer.set(values, buffer.length - values.length);
}

async function run(session: InferenceSession, values: Float32Array, shape: number[]): Promise<Float32Array> {
  const [input = ''] = session.inputNames;
  const [output = ''] = session.outputNames;
  const answers = await session.run({ [input]: new Tensor('float32', values, shape) });
  const data = answers[output]?.data;
  if (!(data instanceof Float32Array)) throw new TypeError('the model does not answer with 32-bit numbers');
  return data;
}

async function load(path: string): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
  } catch (error) {
    const message = `the wake word model ${path} cannot be loaded; it has to be an ONNX file`;
    throw new WakeWordError('WAKE_MODEL_UNREADABLE', message, { cause: error });
  }
}

async function tried(path: string, work: () => Promise<Float32Array>): Promise<Float32Array> {
  try {
    return await work();
  } catch (error) {
    throw unsuitable(path, 'it does not take input of the shape that openWakeWord has', error);
  }
}

function unsuitable(path: string, reason: string, cause?: unknown): WakeWordError {
  const message = `${path} is no model of this kind: ${reason}`;
  return new WakeWordError('WAKE_MODEL_UNSUITABLE', message, cause === undefined ? {} : { cause });
}
