import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { monotonicNowMs } from '@parley/media/process';
import type { SpeechSettings } from '@parley/media/settings';
import { type TrackEvent, TrackPipeline, type VoiceActivityModel } from '@parley/media/worker';
import type { RecogniserProcess } from '../RecogniserProcess.js';
import { playedWithin, type Speech } from '../speech/Speech.js';
import { trackOfBench } from '../trackOfBench.js';

const CHUNK_SAMPLES = 320;
const CHUNK_MS = 20;
/** Time allowed for the last words. */
const TAIL_MS = 1_500;
/** The clock rate of Linux, the same wherever this runs. */
const TICKS_PER_SECOND = 100;

export interface ToldEvent {
  /** On the clock of the tracks: 0 = their first sample. */
  atMs: number;
  event: TrackEvent;
}

/** What one speaker's pipeline emitted while the speech was played in real time. */
export interface Played {
  speech: Speech;
  told: ToldEvent[];
}

export interface Performance {
  played: Played[];
  seconds: number;
  engineMs: number;
  discardedEngineMs: number;
  /** Rejected requests, by reason. */
  rejected: number;
  /** Share of one core. */
  cpuShare: { pipelines: number; recogniser: number };
  eventLoopDelayMs: number;
}

/** Plays speech into pipelines for any number of speakers. No network. */
export class Stage {
  readonly #recogniser: RecogniserProcess;
  readonly #voiceActivity: VoiceActivityModel;

  constructor(parts: { recogniser: RecogniserProcess; voiceActivity: VoiceActivityModel }) {
    this.#recogniser = parts.recogniser;
    this.#voiceActivity = parts.voiceActivity;
  }

  /** Plays one speech per speaker, all from the same moment on, each chunk at its time. */
  async perform(options: {
    speeches: readonly Speech[];
    settings: SpeechSettings;
    seconds?: number;
  }): Promise<Performance> {
    const before = await this.#counters();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    const startAtMs = monotonicNowMs() + 100;
    // Only the played part counts as said.
    const { seconds: limit } = options;
    const speeches = options.speeches.map((speech) =>
      limit === undefined ? speech : playedWithin(speech, limit * 1_000),
    );
    const played = speeches.map((speech): Played & { pipeline: TrackPipeline } => {
      const told: ToldEvent[] = [];
      return { speech, told, pipeline: this.#pipeline({ told, startAtMs, settings: options.settings }) };
    });
    const keepPace = () => {
      for (const { pipeline } of played) pipeline.setInterimPace(this.#recogniser.client.pace);
    };
    keepPace();
    const stopKeepingPace = this.#recogniser.client.onPace(keepPace);
    delay.enable();
    const longest = Math.max(...speeches.map(({ pcm }) => pcm.length)) + TAIL_MS * 16;
    const chunks = Math.floor(Math.min(longest / CHUNK_SAMPLES, ((limit ?? 3_600) * 1_000) / CHUNK_MS));
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
    stopKeepingPace();
    const seconds = (chunks * CHUNK_MS) / 1_000;
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

  #pipeline(options: { told: ToldEvent[]; startAtMs: number; settings: SpeechSettings }): TrackPipeline {
    const { told, startAtMs, settings } = options;
    return new TrackPipeline({
      ...trackOfBench(),
      meetingStartedAtMs: startAtMs,
      settings,
      longestWindowMs: this.#recogniser.service.capabilities.longestWindowMs.interim,
      reading: this.#recogniser.model.profile.reading,
      voiceActivity: this.#voiceActivity,
      recognizer: this.#recogniser.client,
      onEvent: (event) => told.push({ atMs: monotonicNowMs() - startAtMs, event }),
    });
  }

  async #counters() {
    // The process sends its counts once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const { stats, pid } = this.#recogniser.service;
    const { user, system } = process.cpuUsage();
    return {
      engineMs: stats?.engineMs ?? 0,
      discardedEngineMs: stats?.discardedEngineMs ?? 0,
      rejected: Object.entries(stats?.rejected ?? {}).reduce(
        (sum, [code, count]) => sum + (code === 'SUPERSEDED' ? 0 : (count ?? 0)),
        0,
      ),
      ownCpuMs: (user + system) / 1_000,
      asrCpuMs: pid === undefined ? 0 : await cpuMsOf(pid),
    };
  }
}

/** CPU time of another process; 0 if it cannot be read. */
async function cpuMsOf(pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000;
  } catch {
    return 0;
  }
}
