import type { AudioLedger, GapReason } from '@parley/client-sdk/protocol';
import type { AsrProcessStats, LoadLevel } from '@parley/media/node';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { combine, emptyLedger } from './audioLedger.js';
import type { RoomObserver } from './RoomObserver.js';

export interface MetricsOptions {
  /** Read at each scrape. */
  counts: () => Promise<{ rooms: number; peers: number; speakers: number; sockets: number }>;
  /** The ASR process's own metrics; absent while there are none. */
  recognizer: () => AsrProcessStats | undefined;
  load: () => LoadLevel;
  /** Model, engine and device in use. */
  engine: () => { model: string; encoder: string; device: string };
  /** Metrics of this process: event loop, memory and so on. Default true. */
  processMetrics?: boolean;
}

const LATENCY_BUCKETS_MS = [5, 10, 20, 40, 80, 150, 300, 500, 700, 900, 1_500, 3_000, 6_000, 12_000, 30_000];

const LEDGER_CLASSES = {
  totalMs: 'total',
  mutedMs: 'muted',
  dtxMs: 'dtx',
  concealedMs: 'concealed',
  nonSpeechMs: 'nonSpeech',
  crosstalkMs: 'crosstalk',
  pendingMs: 'pending',
  transcribedMs: 'transcribed',
} as const satisfies Partial<Record<keyof AudioLedger, string>>;

/** Metrics of this node in Prometheus' text format. They contain no names of people or rooms. */
export class Metrics implements RoomObserver {
  readonly #registry = new Registry();
  readonly #interims: Counter;
  readonly #finals: Counter;
  readonly #gaps: Counter<'reason'>;
  readonly #corrections: Counter;
  readonly #vadEndToFinal: Histogram;
  readonly #queued: Histogram<'kind'>;
  readonly #engine: Histogram<'kind'>;
  /** Summed over all meetings since the start. */
  #audio = emptyLedger();

  constructor(options: MetricsOptions) {
    const registers = [this.#registry];
    this.#interims = new Counter({ name: 'parley_interims_total', help: 'Interims sent', registers });
    this.#finals = new Counter({ name: 'parley_finals_total', help: 'Finals committed', registers });
    this.#gaps = new Counter({
      name: 'parley_gaps_total',
      help: 'Utterances without text, by reason',
      labelNames: ['reason'],
      registers,
    });
    this.#corrections = new Counter({
      name: 'parley_committed_corrections_total',
      help: 'Settled words of interims that the final changed',
      registers,
    });
    this.#vadEndToFinal = new Histogram({
      name: 'parley_vad_end_to_final_ms',
      help: "Time from the VAD's decision that an utterance is over to the commit of its final",
      buckets: LATENCY_BUCKETS_MS,
      registers,
    });
    this.#queued = new Histogram({
      name: 'parley_recognition_queued_ms',
      help: 'Time that jobs waited in the queue',
      labelNames: ['kind'],
      buckets: LATENCY_BUCKETS_MS,
      registers,
    });
    this.#engine = new Histogram({
      name: 'parley_recognition_engine_ms',
      help: 'Time that jobs spent in the engine',
      labelNames: ['kind'],
      buckets: LATENCY_BUCKETS_MS,
      registers,
    });
    this.#addAudio();
    this.#addCounts(options);
    this.#addRecognizer(options);
    if (options.processMetrics !== false) collectDefaultMetrics({ register: this.#registry });
  }

  /** Content type of a scrape's answer. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  interim(times: { queuedMs: number; engineMs: number }): void {
    this.#interims.inc();
    this.#recognized('interim', times);
  }

  final(times: { queuedMs: number; engineMs: number; vadEndToFinalMs: number | undefined; corrections: number }): void {
    this.#finals.inc();
    this.#corrections.inc(times.corrections);
    this.#recognized('final', times);
    if (times.vadEndToFinalMs !== undefined) this.#vadEndToFinal.observe(times.vadEndToFinalMs);
  }

  gap(reason: GapReason): void {
    this.#gaps.inc({ reason });
  }

  audio(change: AudioLedger): void {
    this.#audio = combine({ a: this.#audio, b: change, factor: 1 });
  }

  #recognized(kind: 'interim' | 'final', { queuedMs, engineMs }: { queuedMs: number; engineMs: number }): void {
    this.#queued.observe({ kind }, queuedMs);
    this.#engine.observe({ kind }, engineMs);
  }

  #addAudio(): void {
    const audio = () => this.#audio;
    new Gauge({
      name: 'parley_audio_ledger_ms',
      help: 'Audio of all tracks since the start; each millisecond is in one class, total is their sum',
      labelNames: ['class', 'reason'],
      registers: [this.#registry],
      collect() {
        const ledger = audio();
        for (const [key, name] of Object.entries(LEDGER_CLASSES) as [keyof typeof LEDGER_CLASSES, string][]) {
          this.set({ class: name, reason: '' }, ledger[key]);
        }
        for (const [reason, value] of Object.entries(ledger.shedMs)) this.set({ class: 'shed', reason }, value);
        for (const [reason, value] of Object.entries(ledger.rejectedMs ?? {})) {
          this.set({ class: 'rejected', reason }, value);
        }
      },
    });
  }

  #addCounts({ counts }: MetricsOptions): void {
    new Gauge({
      name: 'parley_open',
      help: 'Currently open rooms, peers, speakers and sockets',
      labelNames: ['what'],
      registers: [this.#registry],
      async collect() {
        for (const [what, value] of Object.entries(await counts())) this.set({ what }, value);
      },
    });
  }

  #addRecognizer({ recognizer, load, engine }: MetricsOptions): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'parley_recogniser_info',
      help: 'Always 1; the labels describe the model, engine and device in use',
      labelNames: ['model', 'encoder', 'device'],
      registers,
      collect() {
        this.reset();
        this.set(engine(), 1);
      },
    });
    new Gauge({
      name: 'parley_load_level',
      help: 'Load level of the recogniser: 0 = normal, 1 and 2 = fewer interims, 3 = no interims',
      registers,
      collect() {
        this.set(load());
      },
    });
    new Gauge({
      name: 'parley_recognition_queue',
      help: 'Jobs in the ASR process: waiting finals and interims, and those in the engine',
      labelNames: ['state'],
      registers,
      collect() {
        const stats = recognizer();
        this.reset();
        if (stats === undefined) return;
        this.set({ state: 'waitingFinals' }, stats.waitingFinals);
        this.set({ state: 'waitingInterims' }, stats.waitingInterims);
        this.set({ state: 'running' }, stats.running);
      },
    });
    new Gauge({
      name: 'parley_recognition_oldest_wait_ms',
      help: 'Waiting time of the oldest job in the queue',
      registers,
      collect() {
        this.set(recognizer()?.oldestWaitMs ?? 0);
      },
    });
    new Gauge({
      name: 'parley_recognition_queue_age_ms',
      help: 'Waiting time of the last 512 jobs of each kind that left the queue, with any outcome',
      labelNames: ['kind', 'quantile'],
      registers,
      collect() {
        this.reset();
        for (const [kind, ages] of Object.entries(recognizer()?.queueAgeMs ?? {})) {
          for (const [quantile, age] of Object.entries(ages)) this.set({ kind, quantile }, age);
        }
      },
    });
    new Gauge({
      name: 'parley_recognitions_dropped',
      help: 'Jobs that the current ASR process did not answer, by cause; "cancelled": given up by their sender',
      labelNames: ['cause'],
      registers,
      collect() {
        this.reset();
        for (const [cause, count] of Object.entries(recognizer()?.dropped ?? {})) this.set({ cause }, count);
      },
    });
    new Gauge({
      name: 'parley_recognitions_answered',
      help: 'Jobs that the current ASR process answered',
      registers,
      collect() {
        this.set(recognizer()?.answered ?? 0);
      },
    });
    new Gauge({
      name: 'parley_recognitions_rejected',
      help: 'Jobs that the current ASR process refused or dropped, by reason',
      labelNames: ['reason'],
      registers,
      collect() {
        this.reset();
        for (const [reason, count] of Object.entries(recognizer()?.rejected ?? {})) this.set({ reason }, count);
      },
    });
  }
}
