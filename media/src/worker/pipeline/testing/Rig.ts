import { readFileSync } from 'node:fs';
import OpusScript from 'opusscript';
import { afterAll, beforeAll } from 'vitest';
import type { Recognizer } from '../../../asr/contract/Recognizer.js';
import { monotonicNowMs } from '../../../process/clock.js';
import { resolveSpeechSettings } from '../../../settings/modes.js';
import type { TrackActivity, TrackEvent } from '../../contract/messages.js';
import type { RtpPacket } from '../../rtp/index.js';
import { VoiceActivityModel } from '../../speech/index.js';
import { TrackPipeline, type TrackPipelineOptions } from '../TrackPipeline.js';

/** One spoken sentence of four seconds, 16 kHz mono. */
const bytes = readFileSync(new URL('../../../../test/fixtures/speech16k.s16le', import.meta.url));
export const SENTENCE = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2).slice();
export const PACKET_SAMPLES = 320;
const PACKET_TICKS = 960;

let voiceActivity: VoiceActivityModel;

/** Loads the VAD's model before the tests of a file, and frees it after them. */
export function useVoiceActivity(): void {
  beforeAll(async () => {
    voiceActivity = await VoiceActivityModel.create();
  });
  afterAll(() => voiceActivity.close());
}

/** A sender and a pipeline with the real VAD and Opus, on one clock that only the test moves. */
export class Rig {
  // The fake recogniser's clock starts here, too, because deadlines are points in time.
  nowMs = monotonicNowMs();
  readonly events: TrackEvent[] = [];
  readonly pipeline: TrackPipeline;
  readonly #encoder = new OpusScript(16_000, 1, OpusScript.Application.VOIP);
  #sequence = 65_000;
  #timestamp = 0xffff_0000;

  constructor(
    recognizer: Recognizer,
    overrides: Parameters<typeof resolveSpeechSettings>[1] = {},
    parts: Partial<TrackPipelineOptions> = {},
  ) {
    this.pipeline = new TrackPipeline({
      meetingId: 'm_1',
      track: {
        trackId: 's_1',
        participantId: 'p_1',
        name: 'microphone',
        epoch: 1,
        ssrc: 7,
        payloadType: 100,
        muted: false,
      },
      meetingStartedAtMs: this.nowMs - 5_000,
      settings: resolveSpeechSettings('balanced', overrides),
      longestWindowMs: 10_000,
      voiceActivity,
      recognizer,
      onEvent: (event) => this.events.push(event),
      now: () => this.nowMs,
      ...parts,
    });
  }

  async say(pcm: Int16Array, options: { lose?: (packet: number) => boolean } = {}): Promise<void> {
    for (let offset = 0, count = 0; offset + PACKET_SAMPLES <= pcm.length; offset += PACKET_SAMPLES, count++) {
      const frame = Buffer.from(pcm.slice(offset, offset + PACKET_SAMPLES).buffer);
      const payload = Uint8Array.from(this.#encoder.encode(frame, PACKET_SAMPLES));
      if (options.lose?.(count) !== true) this.#push(payload);
      this.#sequence = (this.#sequence + 1) % 65_536;
      this.#timestamp = (this.#timestamp + PACKET_TICKS) % 2 ** 32;
      this.nowMs += 20;
      this.pipeline.tick();
      // The VAD answers in its own time, as in reality.
      if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  silence(ms: number): Promise<void> {
    return this.say(new Int16Array(ms * 16));
  }

  /** The sender starts a new time line, as after a change of its device. */
  startOver(): void {
    this.#sequence = 300;
    this.#timestamp = 77_000;
  }

  /** Time passes without a packet. */
  pause(ms: number): void {
    for (let passed = 0; passed < ms; passed += 20) {
      this.nowMs += 20;
      this.pipeline.tick();
    }
    this.#timestamp = (this.#timestamp + ms * 48) % 2 ** 32;
  }

  of<T extends TrackEvent['type']>(type: T): Extract<TrackEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<TrackEvent, { type: T }> => event.type === type);
  }

  get states(): string[] {
    return this.of('trackStateChanged').map(({ state }) => state);
  }

  get activities(): TrackActivity[] {
    return this.of('trackActivity').map(({ activity }) => activity);
  }

  #push(payload: Uint8Array): void {
    const packet: RtpPacket = {
      payloadType: 100,
      marker: false,
      sequenceNumber: this.#sequence,
      timestamp: this.#timestamp,
      ssrc: 7,
      payload,
    };
    this.pipeline.push(packet);
  }
}
