import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import {
  AsrService,
  ModelStore,
  monotonicNowMs,
  RecognitionClient,
  type ResolvedModel,
  type SpeakerEvent,
  SpeakerPipeline,
  type SpeechSettings,
  VoiceActivityModel,
} from '@parley/media';
import type { Speech } from './speech.js';

const BUILT_IN = fileURLToPath(new URL('../../../native/models', import.meta.url));
const CHUNK_SAMPLES = 320;
const CHUNK_MS = 20;
/** How much of what was said last is waited for. */
const TAIL_MS = 1_500;
/** Of Linux, everywhere where this runs. */
const TICKS_PER_SECOND = 100;

export interface ToldEvent {
  /** On the clock of the tracks: 0 = their first sample. */
  atMs: number;
  event: SpeakerEvent;
}

/** What one speaker's pipeline told while the speech was played at the pace of life. */
export interface Played {
  speech: Speech;
  told: ToldEvent[];
}

export interface Performance {
  played: Played[];
  seconds: number;
  engineMs: number;
  discardedEngineMs: number;
  /** Requests that were turned down, by reason. */
  rejected: number;
  /** Share of one core. */
  cpuShare: { pipelines: number; recogniser: number };
  eventLoopDelayMs: number;
}

/** The recogniser in its process, the VAD, and pipelines for any number of speakers. No network. */
export class Stage {
  readonly #directory: string;
  readonly #service: AsrService;
  readonly #client: RecognitionClient;
  readonly #voiceActivity: VoiceActivityModel;
  readonly #model: ResolvedModel;

  private constructor(parts: {
    directory: string;
    service: AsrService;
    client: RecognitionClient;
    voiceActivity: VoiceActivityModel;
    model: ResolvedModel;
  }) {
    this.#directory = parts.directory;
    this.#service = parts.service;
    this.#client = parts.client;
    this.#voiceActivity = parts.voiceActivity;
    this.#model = parts.model;
  }

  /** @param options.model a name of the catalogue or a file; default: the built-in one */
  static async create(options: { model?: string } = {}): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-bench-'));
    const store = new ModelStore({ directory: join(directory, 'models'), builtInDirectory: BUILT_IN });
    const model = await store.resolve(options.model ?? 'parley-nano', { device: 'cpu' });
    const service = await AsrService.create({ model, device: 'auto', socketDirectory: directory, logger: () => {} });
    const status = await service.settled();
    if (status.state !== 'ready') throw new Error(`the recogniser does not run: ${status.reason ?? status.state}`);
    const client = RecognitionClient.create({ socketPath: service.socketPath });
    return new Stage({ directory, service, client, voiceActivity: await VoiceActivityModel.create(), model });
  }

  get modelName(): string {
    return this.#model.profile.name;
  }

  /** Plays one speech a speaker, all from the same moment on, each chunk at its time. */
  async perform(options: {
    speeches: readonly Speech[];
    settings: SpeechSettings;
    seconds?: number;
  }): Promise<Performance> {
    const before = await this.#counters();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    const startAtMs = monotonicNowMs() + 100;
    const played = options.speeches.map((speech): Played & { pipeline: SpeakerPipeline } => {
      const told: ToldEvent[] = [];
      return { speech, told, pipeline: this.#pipeline({ told, startAtMs, settings: options.settings, index: 0 }) };
    });
    delay.enable();
    const longest = Math.max(...options.speeches.map(({ pcm }) => pcm.length)) + TAIL_MS * 16;
    const chunks = Math.floor(Math.min(longest / CHUNK_SAMPLES, ((options.seconds ?? 3_600) * 1_000) / CHUNK_MS));
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const waitMs = startAtMs + (chunk + 1) * CHUNK_MS - monotonicNowMs();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      for (const { speech, pipeline } of played) {
        const pcm = new Int16Array(CHUNK_SAMPLES);
        pcm.set(speech.pcm.subarray(chunk * CHUNK_SAMPLES, (chunk + 1) * CHUNK_SAMPLES));
        pipeline.pushPcm(pcm);
      }
    }
    delay.disable();
    await Promise.all(played.map(({ pipeline }) => pipeline.close()));
    const seconds = (chunks * CHUNK_MS) / 1_000;
    // What was not played was not said.
    for (const each of played) {
      each.speech = { ...each.speech, words: each.speech.words.filter(({ endMs }) => endMs <= seconds * 1_000) };
    }
    const after = await this.#counters();
    const thrownAway = played.reduce((sum, { pipeline }) => sum + pipeline.stats.discardedEngineMs, 0);
    return {
      played: played.map(({ speech, told }) => ({ speech, told })),
      seconds,
      engineMs: after.engineMs - before.engineMs,
      discardedEngineMs: after.discardedEngineMs - before.discardedEngineMs + thrownAway,
      rejected: after.rejected - before.rejected,
      cpuShare: {
        pipelines: (after.ownCpuMs - before.ownCpuMs) / (seconds * 1_000),
        recogniser: (after.asrCpuMs - before.asrCpuMs) / (seconds * 1_000),
      },
      eventLoopDelayMs: delay.percentile(99) / 1e6,
    };
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#service.close();
    await this.#voiceActivity.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #pipeline(options: {
    told: ToldEvent[];
    startAtMs: number;
    settings: SpeechSettings;
    index: number;
  }): SpeakerPipeline {
    const { told, startAtMs, settings } = options;
    const speakerId = `speaker ${Math.random()}`;
    return new SpeakerPipeline({
      roomId: 'bench',
      speaker: {
        speakerId,
        participantId: speakerId,
        track: 'microphone',
        epoch: 1,
        ssrc: 1,
        payloadType: 100,
        muted: false,
      },
      meetingStartedAtMs: startAtMs,
      settings,
      longestWindowMs: this.#model.profile.longestWindowMs,
      voiceActivity: this.#voiceActivity,
      recognizer: this.#client,
      onEvent: (event) => told.push({ atMs: monotonicNowMs() - startAtMs, event }),
    });
  }

  async #counters() {
    // Counts come from the process once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const stats = this.#service.stats;
    const { user, system } = process.cpuUsage();
    return {
      engineMs: stats?.engineMs ?? 0,
      discardedEngineMs: stats?.discardedEngineMs ?? 0,
      rejected: Object.entries(stats?.rejected ?? {}).reduce(
        (sum, [code, count]) => sum + (code === 'SUPERSEDED' ? 0 : (count ?? 0)),
        0,
      ),
      ownCpuMs: (user + system) / 1_000,
      asrCpuMs: this.#service.pid === undefined ? 0 : await cpuMsOf(this.#service.pid),
    };
  }
}

/** CPU time of another process; 0 where it cannot be read. */
async function cpuMsOf(pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000;
  } catch {
    return 0;
  }
}
