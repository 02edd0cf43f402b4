import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_RECOGNITION_SETTINGS, type Recognizer } from '@parley/media/asr';
import { AsrService, ModelStore } from '@parley/media/node';
import { monotonicNowMs } from '@parley/media/process';
import { type ModelProfile, resolveSpeechSettings, type SpeechOverrides } from '@parley/media/settings';
import { ENCODERS_DIRECTORY, MODELS_DIRECTORY, OpusEncoder, PACKET_SAMPLES, PACKET_TICKS } from '@parley/media/testing';
import {
  CrosstalkGuard,
  RecognitionClient,
  type TrackEvent,
  TrackPipeline,
  VoiceActivityModel,
  type VoiceActivityStream,
} from '@parley/media/worker';
import { expect } from 'vitest';

const root = new URL('../../../', import.meta.url);

/** Whether these tests can run: they need the real engine. */
export const engineThere = existsSync(new URL('native/dist/addon.json', root));

const CHUNK_SAMPLES = PACKET_SAMPLES;
const PAYLOAD_TYPE = 100;
const SAMPLES_PER_MS = 16;
const PATIENCE_MS = 60_000;

export interface Track {
  name: string;
  pcm: Int16Array;
  overrides?: SpeechOverrides;
  /** As a browser sends it, packet by packet; default: samples. */
  opus?: boolean;
}

export interface Told {
  events: TrackEvent[];
  pipeline: TrackPipeline;
  /** Audio that the pipeline was given. */
  fedMs: number;
}

/** The real VAD, the real recogniser in its process, and speaker pipelines that are fed with samples as fast as both follow. */
export class SpeechRig {
  readonly model: ModelProfile;
  readonly #directory: string;
  readonly #service: AsrService;
  readonly #client: RecognitionClient;
  readonly #voiceActivity: VoiceActivityModel;
  readonly #encoder = new OpusEncoder();

  private constructor(parts: {
    directory: string;
    model: ModelProfile;
    service: AsrService;
    client: RecognitionClient;
    voiceActivity: VoiceActivityModel;
  }) {
    this.#directory = parts.directory;
    this.model = parts.model;
    this.#service = parts.service;
    this.#client = parts.client;
    this.#voiceActivity = parts.voiceActivity;
  }

  /** @param options.model a published one that is in the cache; default: the built-in one */
  static async create(options: { model?: string } = {}): Promise<SpeechRig> {
    const directory = await mkdtemp(join(tmpdir(), 'parley-speech-'));
    const store = new ModelStore({
      directory: options.model === undefined ? join(directory, 'models') : MODELS_DIRECTORY,
      builtInDirectory: fileURLToPath(new URL('native/models', root)),
    });
    const model = await store.resolve(options.model ?? 'parley-nano', { device: 'cpu' });
    const service = await AsrService.create({
      model,
      device: 'cpu',
      encoderDirectory: ENCODERS_DIRECTORY,
      socketDirectory: directory,
      logger: () => {},
    });
    expect((await service.settled()).state).toBe('ready');
    const client = RecognitionClient.create({ socketPath: service.socketPath });
    return new SpeechRig({
      directory,
      model: model.profile,
      service,
      client,
      voiceActivity: await VoiceActivityModel.create(),
    });
  }

  /** The same model on the samples as they are: no VAD, no gates, no text from before. */
  async bareText(pcm: Int16Array): Promise<string> {
    const { text } = await this.#client.recognize({
      kind: 'final',
      meetingId: 'room',
      trackId: 'bare',
      pcm,
      settings: {
        ...DEFAULT_RECOGNITION_SETTINGS,
        noSpeechThreshold: 1,
        logProbabilityThreshold: -1_000,
        compressionRatioThreshold: 1_000,
        tokensPerSecond: 50,
      },
      deadlineMs: PATIENCE_MS,
    });
    return text;
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#service.close();
    await this.#voiceActivity.close();
    this.#encoder.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /**
   * Plays tracks that begin together, each through a pipeline of its own. Time is that of the audio: VAD and recogniser answer before
   * the next samples come. Several may be played at once where no two of their tracks have the same name: each has its own time.
   * @param options.guard lets the tracks know of each other, as in a room in which everybody is sent everybody else
   * @param options.atEnd called when everything has been played; default: closes the pipelines
   */
  async play(
    tracks: readonly Track[],
    options: { guard?: boolean; atEnd?: (told: Told[]) => void } = {},
  ): Promise<Told[]> {
    const startedAtMs = monotonicNowMs();
    let playedMs = 0;
    const work = new Work({ recognizer: this.#client, voiceActivity: this.#voiceActivity });
    const guard = options.guard === true ? new CrosstalkGuard() : undefined;
    const told = tracks.map(({ name, overrides }): Told => {
      const events: TrackEvent[] = [];
      const pipeline = new TrackPipeline({
        meetingId: 'room',
        track: {
          trackId: name,
          participantId: name,
          name: 'microphone',
          epoch: 1,
          ssrc: 1,
          payloadType: PAYLOAD_TYPE,
          muted: false,
        },
        meetingStartedAtMs: startedAtMs,
        settings: resolveSpeechSettings('balanced', overrides ?? {}),
        longestWindowMs: this.model.longestWindowMs,
        reading: this.model.reading,
        voiceActivity: work,
        recognizer: work,
        ...(guard === undefined ? {} : { crosstalk: guard }),
        onEvent: (event) => events.push(event),
        now: () => startedAtMs + playedMs,
      });
      return { events, pipeline, fedMs: 0 };
    });
    const names = tracks.map(({ name }) => name);
    for (const name of names) guard?.setSent(name, names);
    const longest = Math.max(...tracks.map(({ pcm }) => pcm.length));
    const packets = tracks.map(({ pcm, opus }) => (opus === true ? this.#encoder.encode(pcm, { lossPercent: 0 }) : []));
    for (let at = 0; at < longest; at += CHUNK_SAMPLES) {
      playedMs += CHUNK_SAMPLES / SAMPLES_PER_MS;
      for (const [index, { pcm, opus }] of tracks.entries()) {
        const each = told[index] as Told;
        const packet = packets[index]?.[at / CHUNK_SAMPLES];
        if (packet !== undefined) each.pipeline.push(rtpPacketOf(packet, at / CHUNK_SAMPLES));
        if (opus !== true) each.pipeline.pushPcm(chunkOf(pcm, at));
        each.fedMs = playedMs;
      }
      await work.done();
    }
    options.atEnd?.(told);
    await Promise.all(told.map(({ pipeline }) => pipeline.close()));
    return told;
  }
}

function chunkOf(pcm: Int16Array, at: number): Int16Array {
  const chunk = new Int16Array(CHUNK_SAMPLES);
  chunk.set(pcm.subarray(at, at + CHUNK_SAMPLES));
  return chunk;
}

function rtpPacketOf(payload: Uint8Array, index: number): Parameters<TrackPipeline['push']>[0] {
  return {
    payloadType: PAYLOAD_TYPE,
    marker: index === 0,
    sequenceNumber: index & 0xffff,
    timestamp: (index * PACKET_TICKS) >>> 0,
    ssrc: 1,
    payload,
  };
}

/** VAD and recogniser, and what they have not answered yet. */
class Work implements Recognizer {
  readonly #recognizer: Recognizer;
  readonly #voiceActivity: VoiceActivityModel;
  readonly #voices: VoiceActivityStream[] = [];
  readonly #open = new Set<Promise<unknown>>();

  constructor(options: { recognizer: Recognizer; voiceActivity: VoiceActivityModel }) {
    this.#recognizer = options.recognizer;
    this.#voiceActivity = options.voiceActivity;
  }

  open(...how: Parameters<VoiceActivityModel['open']>): VoiceActivityStream {
    const voice = this.#voiceActivity.open(...how);
    this.#voices.push(voice);
    return voice;
  }

  recognize(...[request, how]: Parameters<Recognizer['recognize']>): ReturnType<Recognizer['recognize']> {
    // The audio's time stands still for the recogniser, so its deadlines would pass on a busy machine.
    const answer = this.#recognizer.recognize({ ...request, deadlineMs: PATIENCE_MS }, how);
    const settled = answer.then(
      () => {},
      () => {},
    );
    this.#open.add(settled);
    void settled.then(() => this.#open.delete(settled));
    return answer;
  }

  /** Resolves when everything has been answered, and nobody asks for more. */
  async done(): Promise<void> {
    await Promise.all(this.#voices.map((voice) => voice.drain()));
    do {
      await Promise.all(this.#open);
      // Who was answered may ask again.
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#open.size > 0);
  }
}

export function finalsOf({ events }: Told): Extract<TrackEvent, { type: 'final' }>[] {
  return events.filter((event): event is Extract<TrackEvent, { type: 'final' }> => event.type === 'final');
}

export function textOf(told: Told): string {
  return finalsOf(told)
    .map(({ hypothesis }) => hypothesis.text)
    .join(' ');
}

/** Every sample that was played is in exactly one class of the books, and none is pending. */
export function expectBalanced({ pipeline, fedMs }: Told): void {
  const { totalMs, shedMs, rejectedMs = {}, ...classes } = pipeline.ledger;
  expect(fedMs).toBeGreaterThan(0);
  expect(totalMs).toBe(fedMs);
  const all = [classes, shedMs, rejectedMs].flatMap((each): number[] => Object.values(each));
  const sum = all.reduce((total, ms) => total + ms, 0);
  expect(sum).toBe(totalMs);
  expect(classes.pendingMs).toBe(0);
}
