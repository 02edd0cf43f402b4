import { readFileSync } from 'node:fs';
import OpusScript from 'opusscript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Recognizer } from '../asr/Recognizer.js';
import { type Hypothesis, RecognitionError, type RecognitionErrorCode, type RecognitionRequest } from '../asr/types.js';
import { monotonicNowMs } from '../process/clock.js';
import type { RtpPacket } from '../rtp/index.js';
import { CrosstalkGuard } from '../speech/crosstalk/index.js';
import { resolveSpeechSettings, VoiceActivityModel } from '../speech/index.js';
import { FakeRecognizer, hypothesisOf } from '../testing/FakeRecognizer.js';
import { ManualTime } from '../testing/ManualTime.js';
import type { AudioLedgerTotals, PipelineGapReason, SpeakerActivity } from './messages.js';
import { type SpeakerEvent, SpeakerPipeline, type SpeakerPipelineOptions } from './SpeakerPipeline.js';

/** One spoken sentence of four seconds, 16 kHz mono. */
const bytes = readFileSync(new URL('../../test/fixtures/speech16k.s16le', import.meta.url));
const SENTENCE = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2).slice();
const PACKET_SAMPLES = 320;
const PACKET_TICKS = 960;

let voiceActivity: VoiceActivityModel;
beforeAll(async () => {
  voiceActivity = await VoiceActivityModel.create();
});
afterAll(() => voiceActivity.close());

/** A sender and a pipeline on one clock that only the test moves. */
class Rig {
  // Where the fake recogniser's clock stands too, since deadlines are points in time.
  nowMs = monotonicNowMs();
  readonly events: SpeakerEvent[] = [];
  readonly pipeline: SpeakerPipeline;
  readonly #encoder = new OpusScript(16_000, 1, OpusScript.Application.VOIP);
  #sequence = 65_000;
  #timestamp = 0xffff_0000;

  constructor(
    recognizer: Recognizer,
    overrides: Parameters<typeof resolveSpeechSettings>[1] = {},
    parts: Partial<SpeakerPipelineOptions> = {},
  ) {
    this.pipeline = new SpeakerPipeline({
      roomId: 'm_1',
      speaker: {
        speakerId: 's_1',
        participantId: 'p_1',
        track: 'microphone',
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
      // The VAD answers on its own time, as it does in life.
      if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  silence(ms: number): Promise<void> {
    return this.say(new Int16Array(ms * 16));
  }

  /** Time passes without a packet. */
  pause(ms: number): void {
    for (let passed = 0; passed < ms; passed += 20) {
      this.nowMs += 20;
      this.pipeline.tick();
    }
    this.#timestamp = (this.#timestamp + ms * 48) % 2 ** 32;
  }

  of<T extends SpeakerEvent['type']>(type: T): Extract<SpeakerEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<SpeakerEvent, { type: T }> => event.type === type);
  }

  get states(): string[] {
    return this.of('stateChanged').map(({ state }) => state);
  }

  get activities(): SpeakerActivity[] {
    return this.of('activity').map(({ activity }) => activity);
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

describe('SpeakerPipeline', () => {
  test('turns one sentence into one segment: opened, interims, then its final under the same id', async () => {
    const rig = new Rig(new FakeRecognizer());
    await rig.silence(1_000);
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.pipeline.close();

    expect(rig.of('opened')).toHaveLength(1);
    expect(rig.of('speechStarted')).toHaveLength(1);
    expect(rig.of('speechEnded')).toHaveLength(1);
    const [final] = rig.of('final');
    expect(rig.of('final')).toHaveLength(1);
    const interims = rig.of('interim');
    expect(interims.length).toBeGreaterThan(2);
    const ids = new Set([...interims, ...rig.of('final'), ...rig.of('opened')].map(({ segment }) => segment.id));
    expect(ids.size).toBe(1);
    const revisions = [...interims.map(({ segment }) => segment.revision), final?.segment.revision ?? 0];
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
    expect(new Set(revisions).size).toBe(revisions.length);
    // First packet at 5 s of the meeting, speech about 1 s later.
    expect(final?.segment.startMs).toBeGreaterThan(5_400);
    expect(final?.segment.startMs).toBeLessThan(6_500);
    expect(final?.segment.endMs).toBeGreaterThan((final?.segment.startMs ?? 0) + 2_500);
  });

  test('asks with the audio of the utterance, pre-roll included, and with the settings of its kind', async () => {
    const recognizer = new FakeRecognizer();
    const rig = new Rig(recognizer, { beamSize: 4, language: 'de', words: true });
    await rig.silence(1_000);
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.pipeline.close();
    const final = recognizer.requests.find(({ kind }) => kind === 'final');
    const interim = recognizer.requests.find(({ kind }) => kind === 'interim');
    expect(final?.settings).toMatchObject({ language: 'de', prompt: '', beamSize: 4, temperatureFallback: true });
    expect(interim?.settings).toMatchObject({ language: 'de', prompt: '', beamSize: 1, temperatureFallback: false });
    expect(final?.pcm.length).toBeGreaterThan(SENTENCE.length * 0.8);
    const loudest = final?.pcm.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) ?? 0;
    expect(loudest).toBeGreaterThan(1_000);
  });

  test('hands finals on in the order of speech, also when the recogniser answers them the other way round', async () => {
    const waiting: (() => void)[] = [];
    const recognizer: Recognizer = {
      recognize: (request: RecognitionRequest) =>
        request.kind === 'interim'
          ? Promise.resolve(hypothesisOf('…'))
          : new Promise((resolve) => {
              const number = waiting.length + 1;
              waiting.push(() => resolve(hypothesisOf(`sentence ${number}`)));
            }),
    };
    const rig = new Rig(recognizer);
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    const closed = rig.pipeline.close();
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.of('final')).toEqual([]);
    waiting[0]?.();
    await closed;
    expect(rig.of('final').map(({ hypothesis }) => hypothesis.text)).toEqual(['Sentence 1.', 'Sentence 2.']);
  });

  test('shows a gap with its reason where the recogniser failed', async () => {
    const recognizer: Recognizer = {
      recognize: ({ kind }) =>
        Promise.reject(new RecognitionError(kind === 'final' ? 'RECOGNIZER_UNAVAILABLE' : 'SUPERSEDED', 'no engine')),
    };
    const rig = new Rig(recognizer);
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.pipeline.close();
    expect(rig.of('gap')).toMatchObject([{ reason: 'recognizerUnavailable' }]);
    expect(rig.of('interim')).toEqual([]);
  });

  test('takes an interim back when its final has no words', async () => {
    const rig = new Rig(new FakeRecognizer({ script: ({ kind }) => ({ text: kind === 'final' ? '' : 'you' }) }));
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.pipeline.close();
    expect(rig.of('interim').length).toBeGreaterThan(0);
    expect(rig.of('final')).toEqual([]);
    expect(rig.of('retracted')).toEqual([{ type: 'retracted', segmentId: rig.of('opened')[0]?.segment.id }]);
  });

  test('ends the open utterance at a mute, without waiting for silence', async () => {
    const rig = new Rig(new FakeRecognizer());
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    rig.pipeline.setMuted(true);
    await rig.pipeline.drain();
    expect(rig.of('final')).toHaveLength(1);
    await rig.pipeline.close();
  });

  test('ends the open utterance when packets stop coming, by the clock alone', async () => {
    const rig = new Rig(new FakeRecognizer());
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    rig.pause(2_500);
    await expect.poll(() => rig.of('final').length).toBe(1);
    await rig.pipeline.close();
  });

  test('keeps times right over lost packets and makes no second segment of one sentence', async () => {
    const rig = new Rig(new FakeRecognizer());
    await rig.silence(1_000);
    await rig.say(SENTENCE, { lose: (packet) => packet % 20 === 7 });
    await rig.silence(1_000);
    await rig.pipeline.close();
    const [final] = rig.of('final');
    expect(rig.of('final')).toHaveLength(1);
    expect(final?.segment.startMs).toBeGreaterThan(5_400);
    expect(final?.segment.startMs).toBeLessThan(6_500);
  });

  test('says nothing about silence', async () => {
    const recognizer = new FakeRecognizer();
    const rig = new Rig(recognizer);
    await rig.silence(5_000);
    await rig.pipeline.close();
    const told = rig.events.filter(({ type }) => !['stateChanged', 'activity', 'ledger'].includes(type));
    expect(told).toEqual([]);
    expect(recognizer.requests).toEqual([]);
    expect(rig.pipeline.ledger).toMatchObject({ pendingMs: 0, transcribedMs: 0 });
  });

  test('closes twice as it closes once', async () => {
    const rig = new Rig(new FakeRecognizer());
    await rig.say(SENTENCE.subarray(0, 8_000));
    await Promise.all([rig.pipeline.close(), rig.pipeline.close()]);
    await rig.pipeline.close();
    rig.pipeline.tick();
  });
});
