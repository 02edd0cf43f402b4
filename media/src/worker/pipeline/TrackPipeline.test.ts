import { describe, expect, test } from 'vitest';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import type { Hypothesis, RecognitionRequest } from '../../asr/contract/recognition.js';
import { monotonicNowMs } from '../../process/clock.js';
import { resolveSpeechSettings } from '../../settings/modes.js';
import { FakeRecognizer, hypothesisOf } from '../../testing/FakeRecognizer.js';
import { ManualTime } from '../../testing/ManualTime.js';
import type { AudioLedgerTotals } from '../contract/messages.js';
import { CrosstalkGuard } from '../speech/crosstalk/index.js';
import { VoiceActivityStream, type VoiceActivityStreamOptions } from '../speech/VoiceActivityStream.js';
import type { WakeWordDetector } from '../speech/wake/index.js';
import { PACKET_SAMPLES, Rig, SENTENCE, useVoiceActivity } from './testing/Rig.js';

useVoiceActivity();

describe('TrackPipeline', () => {
  test('turns one sentence into one segment: opened, interims, then its final under the same id', async () => {
    const rig = new Rig(new FakeRecognizer());
    await rig.silence(1_000);
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.pipeline.close();

    expect(rig.of('utteranceOpened')).toHaveLength(1);
    expect(rig.of('speechStarted')).toHaveLength(1);
    expect(rig.of('speechEnded')).toHaveLength(1);
    const [final] = rig.of('final');
    expect(rig.of('final')).toHaveLength(1);
    const interims = rig.of('interimUpdated');
    expect(interims.length).toBeGreaterThan(2);
    // This recogniser gives its words no times, and none are made up.
    expect(interims.filter(({ hypothesis }) => 'words' in hypothesis)).toEqual([]);
    const ids = new Set(
      [...interims, ...rig.of('final'), ...rig.of('utteranceOpened')].map(({ segment }) => segment.id),
    );
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

  test('leaves a gap for words that were shown when the final has none', async () => {
    const script = ({ kind }: RecognitionRequest) => ({ text: kind === 'final' ? '' : 'you' });
    const rig = new Rig(new FakeRecognizer({ script }));
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.pipeline.close();
    expect(new Set(rig.of('interimUpdated').map(({ hypothesis }) => hypothesis.text))).toEqual(new Set(['you']));
    expect(rig.of('final')).toEqual([]);
    expect(rig.of('interimRetracted')).toEqual([]);
    expect(rig.of('gap')).toMatchObject([
      { reason: 'rejected', segment: { id: rig.of('utteranceOpened')[0]?.segment.id } },
    ]);
    const { shedMs, rejectedMs } = rig.pipeline.ledger;
    expect(shedMs.rejected).toBeGreaterThan(2_000);
    expect(rejectedMs).toBeUndefined();
  });

  test('ends the open utterance at a mute, without waiting for silence', async () => {
    const rig = new Rig(new FakeRecognizer());
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    rig.pipeline.setMuted(true);
    await rig.pipeline.drain();
    expect(rig.of('final')).toHaveLength(1);
    await rig.pipeline.close();
  });

  test('H11 off the record: finishes what was being said, and neither decodes nor books what comes until it ends', async () => {
    const recognizer = new FakeRecognizer();
    const rig = new Rig(recognizer);
    await rig.say(SENTENCE.subarray(0, 16_000 * 2));
    rig.pipeline.setTranscribed(false);
    await rig.pipeline.drain();
    expect(rig.of('final')).toHaveLength(1);
    await expect.poll(() => rig.states.at(-1)).toBe('inactive');
    const { totalMs } = rig.pipeline.ledger;
    const asked = recognizer.requests.length;
    await rig.say(SENTENCE);
    await rig.silence(3_000);
    expect(recognizer.requests).toHaveLength(asked);
    expect(rig.pipeline.ledger.totalMs).toBe(totalMs);

    rig.pipeline.setTranscribed(true);
    const resumedAtMs = rig.nowMs;
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.pipeline.close();
    const [before, after, ...more] = rig.of('final');
    expect(more).toEqual([]);
    expect(after?.segment.id).not.toBe(before?.segment.id);
    // Not before it was on the record again: the meeting began 5 s before the rig.
    expect(after?.segment.startMs).toBeGreaterThan((before?.segment.endMs ?? 0) + 6_000);
    expect(recognizer.requests.slice(asked).every(({ pcm }) => pcm.length <= SENTENCE.length + 16_000)).toBe(true);
    const { totalMs: total, ...classes } = rig.pipeline.ledger;
    expect(total - totalMs).toBeLessThan(rig.nowMs - resumedAtMs + 100);
    expect(classes.concealedMs).toBeLessThan(100);
  });

  test('H11 who begins off the record costs no work at all', async () => {
    const recognizer = new FakeRecognizer();
    const track = { trackId: 's_1', participantId: 'p_1', name: 'microphone', epoch: 1, ssrc: 7, payloadType: 100 };
    const rig = new Rig(recognizer, {}, { track: { ...track, muted: false, notTranscribed: 'noConsent' } });
    await rig.say(SENTENCE);
    await rig.silence(1_000);
    await rig.pipeline.close();
    expect(recognizer.requests).toEqual([]);
    expect(rig.events).toEqual([]);
    expect(rig.pipeline.ledger.totalMs).toBe(0);
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
    const told = rig.events.filter(
      ({ type }) => !['trackStateChanged', 'trackActivity', 'ledgerUpdated'].includes(type),
    );
    expect(told).toEqual([]);
    expect(recognizer.requests).toEqual([]);
    expect(rig.pipeline.ledger).toMatchObject({ pendingMs: 0, transcribedMs: 0 });
  });

  test('closes twice as it closes once', async () => {
    const rig = new Rig(new FakeRecognizer());
    await rig.say(SENTENCE.subarray(0, 32_000));
    await Promise.all([rig.pipeline.close(), rig.pipeline.close()]);
    expect(rig.of('final')).toHaveLength(1);
    const told = [...rig.events];
    await rig.pipeline.close();
    rig.pipeline.tick();
    expect(rig.events).toEqual(told);
  });

  describe('states and activities', () => {
    test('goes from inactive over listening, recording and transcribing back to listening', async () => {
      const rig = new Rig(new FakeRecognizer());
      expect(rig.states).toEqual([]);
      await rig.silence(500);
      await expect.poll(() => rig.states).toEqual(['listening']);
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await expect.poll(() => rig.states).toEqual(['listening', 'speaking']);
      await rig.silence(2_000);
      await rig.pipeline.drain();
      expect(rig.states).toEqual(['listening', 'speaking', 'transcribing', 'listening']);
      await rig.pipeline.close();
      expect(rig.states.at(-1)).toBe('inactive');
      expect(rig.states).toHaveLength(5);
    });

    test('is transcribing until the recogniser has answered', async () => {
      const { rig, time, drained } = await saidToASlowRecognizer();
      expect(rig.states.at(-1)).toBe('transcribing');
      await time.advanceAsync(400);
      await drained;
      expect(rig.states.at(-1)).toBe('listening');
      await rig.pipeline.close();
    });

    test('is inactive while muted and listens again afterwards', async () => {
      const rig = new Rig(new FakeRecognizer());
      await rig.silence(500);
      rig.pipeline.setMuted(true);
      await rig.pipeline.drain();
      expect(rig.states).toEqual(['listening', 'inactive']);
      rig.pipeline.setMuted(false);
      expect(rig.states).toEqual(['listening', 'inactive', 'listening']);
      await rig.pipeline.close();
    });

    test('tells of an utterance in order: recorded, perhaps over, over, transcribed', async () => {
      const rig = new Rig(new FakeRecognizer(), { language: 'en', endpointing: 'fixed', endSilenceMs: 1_000 });
      await rig.silence(500);
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(400);
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(2_000);
      await rig.pipeline.drain();
      expect(rig.activities.map(({ type }) => type)).toEqual([
        'listeningStarted',
        'utteranceStarted',
        'listeningStopped',
        'turnDetectionStarted',
        'turnDetectionStopped',
        'turnDetectionStarted',
        'turnDetectionStopped',
        'utteranceEnded',
        'transcriptionStarted',
        'listeningStarted',
      ]);
      const outcomes = rig.activities.flatMap((each) => (each.type === 'turnDetectionStopped' ? [each.outcome] : []));
      expect(outcomes).toEqual(['resumed', 'ended']);
      expect(rig.activities.find(({ type }) => type === 'utteranceEnded')).toMatchObject({ cause: 'silence' });
      const segmentIds = rig.activities.flatMap((each) => ('segmentId' in each ? [each.segmentId] : []));
      expect(new Set(segmentIds)).toEqual(new Set([rig.of('final')[0]?.segment.id]));
      await rig.pipeline.close();
    });

    test('tells once, after some seconds of quiet speech, that the microphone is quiet', async () => {
      const rig = new Rig(new FakeRecognizer());
      const gain = 10 ** (-36 / 20);
      const said = SENTENCE.map((sample) => Math.round(sample * gain));
      await rig.silence(5_000);
      for (let round = 0; round < 4; round += 1) {
        await rig.say(said);
        await rig.silence(600);
      }
      await rig.pipeline.close();
      const checks = rig.activities.filter(({ type }) => type === 'microphoneChecked');
      expect(checks).toEqual([expect.objectContaining({ level: 'quiet' })]);
    });

    test('says that the audio ended, where it was no silence that ended the utterance', async () => {
      const rig = new Rig(new FakeRecognizer());
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.pipeline.close();
      expect(rig.activities.find(({ type }) => type === 'utteranceEnded')).toMatchObject({ cause: 'flush' });
      expect(rig.activities.filter(({ type }) => type === 'turnDetectionStopped')).toEqual([]);
    });

    test('tells the frequent activities to those only who listen', async () => {
      const frequent = (rig: Rig) =>
        new Set(rig.activities.map(({ type }) => type).filter((type) => /^(stabilized|audioRecorded)$/.test(type)));
      const rig = new Rig(
        new FakeRecognizer({ script: ({ pcm }) => ({ text: 'word '.repeat(pcm.length / 8_000).trim() }) }),
      );
      await rig.say(SENTENCE);
      await rig.silence(1_500);
      expect(frequent(rig)).toEqual(new Set());
      rig.pipeline.setDiagnostics(true);
      await rig.say(SENTENCE);
      await rig.silence(1_500);
      await rig.pipeline.close();
      expect(frequent(rig)).toEqual(new Set(['audioRecorded', 'stabilized']));
    });
  });

  describe('the books', () => {
    test('hold every sample in one class, at every moment', async () => {
      const rig = new Rig(new FakeRecognizer());
      let pushed = 0;
      const push = async (pcm: Int16Array) => {
        for (let from = 0; from < pcm.length; from += 1_600) {
          const part = pcm.slice(from, from + 1_600);
          rig.pipeline.pushPcm(part);
          pushed += part.length;
          rig.nowMs += part.length / 16;
          await new Promise((resolve) => setImmediate(resolve));
          expect(rig.pipeline.ledger.totalMs).toBe(pushed / 16);
          expect(sumOf(rig.pipeline.ledger)).toBe(pushed / 16);
        }
      };
      await push(new Int16Array(16_000));
      await push(SENTENCE);
      await push(new Int16Array(16_000 * 2));
      await push(SENTENCE.subarray(0, 30_000));
      // Whole frames, so that none is rounded up at the end.
      await push(new Int16Array(512 - (pushed % 512)));
      await rig.pipeline.close();
      const { ledger } = rig.pipeline;
      expect(ledger.totalMs).toBe(pushed / 16);
      expect(sumOf(ledger)).toBe(pushed / 16);
      expect(ledger).toMatchObject({ pendingMs: 0, crosstalkMs: 0, mutedMs: 0, shedMs: {} });
      const spoken = rig.of('final').reduce((sum, { segment }) => sum + segment.endMs - segment.startMs, 0);
      expect(rig.of('final')).toHaveLength(2);
      expect(ledger.transcribedMs).toBeCloseTo(spoken, 3);
      expect(rig.of('ledgerUpdated').at(-1)?.ledger).toEqual(ledger);
    });

    test('keep speech pending until its text has come', async () => {
      const { rig, time, drained } = await saidToASlowRecognizer();
      expect(rig.pipeline.ledger.transcribedMs).toBe(0);
      const { pendingMs } = rig.pipeline.ledger;
      expect(pendingMs).toBeGreaterThan(1_000);
      await time.advanceAsync(400);
      await drained;
      expect(rig.pipeline.ledger).toMatchObject({ pendingMs: 0, transcribedMs: pendingMs });
      await rig.pipeline.close();
    });

    test('tell what was lost from what was silent', async () => {
      const rig = new Rig(new FakeRecognizer());
      await rig.say(SENTENCE, { lose: (packet) => packet % 20 === 7 });
      await rig.silence(1_000);
      await rig.pipeline.close();
      const { ledger } = rig.pipeline;
      const lost = Array.from({ length: Math.floor(SENTENCE.length / PACKET_SAMPLES) }, (_, packet) => packet).filter(
        (packet) => packet % 20 === 7,
      ).length;
      expect(ledger.concealedMs).toBe(lost * 20);
      expect(sumOf(ledger)).toBe(ledger.totalMs);
      expect(ledger.totalMs).toBe(Math.floor(SENTENCE.length / PACKET_SAMPLES) * 20 + 1_000);
    });

    test('go on when the sender starts over', async () => {
      const rig = new Rig(new FakeRecognizer());
      const spoken = SENTENCE.subarray(0, 16_000 * 2);
      await rig.say(spoken);
      await rig.silence(1_000);
      const before = rig.pipeline.ledger.totalMs;
      rig.startOver();
      await rig.say(spoken);
      await rig.silence(1_000);
      await rig.pipeline.close();
      const { ledger } = rig.pipeline;
      const finals = rig.of('final');
      expect(finals).toHaveLength(2);
      expect(ledger.totalMs).toBeGreaterThan(before + 2_900);
      expect(sumOf(ledger)).toBe(ledger.totalMs);
      const inFinals = finals.reduce((sum, { segment }) => sum + segment.endMs - segment.startMs, 0);
      expect(Math.abs(ledger.transcribedMs - inFinals)).toBeLessThan(40);
    });

    test.each([700, 4_000])('count muted time once when the track comes back after %i ms', async (mutedMs) => {
      const rig = new Rig(new FakeRecognizer());
      await rig.silence(1_000);
      rig.pipeline.setMuted(true);
      await rig.pipeline.drain();
      rig.pause(mutedMs);
      expect(rig.pipeline.ledger.mutedMs).toBe(mutedMs + 20 - 300);
      rig.pipeline.setMuted(false);
      await rig.silence(1_000);
      await rig.pipeline.close();
      const { ledger } = rig.pipeline;
      expect(ledger).toMatchObject({ mutedMs, totalMs: 2_000 + mutedMs, pendingMs: 0 });
      expect(sumOf(ledger)).toBe(ledger.totalMs);
    });

    test.each([
      ['noWords', { text: '' }],
      ['annotation', { rejected: 'annotation' }],
    ] as const)('say that what nobody was shown a word of was none (%s)', async (reason, script) => {
      const rig = new Rig(new FakeRecognizer({ script }));
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.close();
      const { ledger } = rig.pipeline;
      expect(rig.of('gap')).toEqual([]);
      expect(ledger).toMatchObject({ transcribedMs: 0, shedMs: {} });
      expect(Object.keys(ledger.rejectedMs ?? {})).toEqual([reason]);
      expect(ledger.rejectedMs?.[reason]).toBeGreaterThan(1_000);
      expect(sumOf(ledger)).toBe(ledger.totalMs);
    });
  });

  describe('gaps', () => {
    test('stand for what failed, in its place and in the books', async () => {
      const reason = 'overloaded';
      let failing = true;
      const recognizer = new FakeRecognizer({ script: () => (failing ? { crash: 'OVERLOADED' } : { text: 'again' }) });
      const rig = new Rig(recognizer);
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await expect.poll(() => rig.of('gap').length).toBe(1);
      failing = false;
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.close();
      expect(rig.events.filter(({ type }) => ['utteranceOpened', 'gap', 'final'].includes(type))).toMatchObject([
        { type: 'utteranceOpened' },
        { type: 'gap', reason, segment: { id: rig.of('utteranceOpened')[0]?.segment.id } },
        { type: 'utteranceOpened' },
        { type: 'final', segment: { id: rig.of('utteranceOpened')[1]?.segment.id } },
      ]);
      const [gap] = rig.of('gap');
      const gapMs = (gap?.segment.endMs ?? 0) - (gap?.segment.startMs ?? 0);
      expect(Object.keys(rig.pipeline.ledger.shedMs)).toEqual([reason]);
      expect(rig.pipeline.ledger.shedMs[reason]).toBeCloseTo(gapMs, 3);
      expect(sumOf(rig.pipeline.ledger)).toBe(rig.pipeline.ledger.totalMs);
    });

    test('stand for speech whose beginning is gone when the VAD has found it: no part of it is taken for the whole', async () => {
      let stream: VoiceActivityStream | undefined;
      let stuck = false;
      const voiceActivity = {
        open: (options: VoiceActivityStreamOptions) =>
          new VoiceActivityStream(
            {
              ready(ready) {
                stream = ready;
                stuck = ready.takeFrame() !== undefined;
              },
              closed() {},
            },
            options,
          ),
      };
      const recognizer = new FakeRecognizer();
      const rig = new Rig(recognizer, { interimIntervalMs: 0, speculativeSilenceMs: 0 }, { voiceActivity });
      for (let second = 0; second < 70; second += 1) rig.pipeline.pushPcm(SENTENCE.slice(16_000, 32_000));
      const closed = rig.pipeline.close();
      while (stuck) {
        stuck = false;
        stream?.finish(0.95);
      }
      await closed;
      expect(rig.of('gap')).toMatchObject([{ reason: 'mediaWorkerLost' }]);
      expect(rig.pipeline.ledger.shedMs.mediaWorkerLost).toBeGreaterThan(6_000);
      expect(sumOf(rig.pipeline.ledger)).toBeCloseTo(rig.pipeline.ledger.totalMs, 3);
      expect(rig.of('final')).toHaveLength(8);
      expect(Math.min(...recognizer.requests.map(({ pcm }) => pcm.length))).toBeGreaterThan(16_000 * 5);
    });

    test('come when a final is not there after a minute', async () => {
      const time = new ManualTime(monotonicNowMs());
      const rig = new Rig(new FakeRecognizer({ time, script: { hang: true } }), {
        interimIntervalMs: 0,
        speculativeSilenceMs: 0,
      });
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      const closed = rig.pipeline.close();
      await expect.poll(() => time.pendingTimers).toBe(1);
      await time.advanceAsync(59_000);
      expect(rig.of('gap')).toEqual([]);
      await time.advanceAsync(10_000);
      await closed;
      expect(rig.of('gap')).toMatchObject([{ reason: 'deadlineExceeded' }]);
    });
  });

  describe('wake phrases', () => {
    const ASLEEP = { wakePhrases: ['hey parley'], language: 'en' };
    /** One word for every 200 ms from the beginning of the audio. */
    const saying = (text: string): ((request: RecognitionRequest) => Promise<Hypothesis>) => {
      return ({ pcm }) => {
        const heard = text.split(' ').slice(0, Math.floor(pcm.length / 16 / 200));
        const words = heard.map((word, index) => ({
          text: word,
          startMs: index * 200,
          endMs: index * 200 + 180,
          probability: 0.9,
        }));
        return Promise.resolve({ ...hypothesisOf(heard.join(' ')), words });
      };
    };

    test('keep back what is said without them: neither interim nor final, and the books say why', async () => {
      const requests: RecognitionRequest[] = [];
      const answer = saying('we talk about something else');
      const rig = new Rig(
        {
          recognize: (request) => {
            requests.push(request);
            return answer(request);
          },
        },
        ASLEEP,
      );
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.close();
      expect(new Set(requests.map(({ kind }) => kind))).toEqual(new Set(['interim', 'final']));
      expect(rig.of('interimUpdated')).toEqual([]);
      expect(rig.of('final')).toEqual([]);
      expect(rig.of('gap')).toEqual([]);
      expect(rig.of('interimRetracted')).toEqual([
        { type: 'interimRetracted', segmentId: rig.of('utteranceOpened')[0]?.segment.id },
      ]);
      const { ledger } = rig.pipeline;
      expect(Object.keys(ledger.shedMs)).toEqual(['asleep']);
      expect(ledger.shedMs.asleep).toBeGreaterThan(1_000);
      expect(sumOf(ledger)).toBe(ledger.totalMs);
      expect(rig.states).not.toContain('speaking');
      expect(rig.states.slice(-4)).toEqual(['wakeword', 'transcribing', 'wakeword', 'inactive']);
    });

    test('are awaited from the first sample on', async () => {
      const rig = new Rig(new FakeRecognizer(), ASLEEP);
      await rig.silence(500);
      expect(rig.states).toEqual(['wakeword']);
      expect(rig.activities.map(({ type }) => type)).toEqual(['wakeListeningStarted']);
      await rig.pipeline.close();
    });

    test('show what is said after them, and nothing of themselves or before', async () => {
      const rig = new Rig({ recognize: saying('well hey parley what is new') }, ASLEEP);
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.close();
      expect(rig.of('final')).toMatchObject([{ hypothesis: { text: 'What is new.' } }]);
      expect(rig.of('final')[0]?.hypothesis.words?.map(({ text }) => text)).toEqual(['what', 'is', 'new']);
      expect(rig.of('interimUpdated').at(-1)?.hypothesis.text).toMatch(/^what is/);
      for (const { hypothesis } of rig.of('interimUpdated')) expect('what is new').toContain(hypothesis.text);
      const detected = rig.activities.filter(({ type }) => type === 'wakePhraseDetected');
      expect(detected).toMatchObject([{ phrase: 'hey parley' }]);
      expect(rig.states).toContain('speaking');
    });

    test('are heard by their sound where the speaker has none of their own, and only what follows is written', async () => {
      let detect: (detection: { phrase: string; score: number }) => void = () => {};
      let heardSamples = 0;
      const closed: number[] = [];
      const wakeWords: WakeWordDetector = {
        phrases: ['alexa'],
        open: ({ sensitivity, onDetection }) => {
          detect = onDetection;
          return {
            push: (pcm) => {
              heardSamples += pcm.length;
            },
            reset() {},
            drain: () => Promise.resolve(),
            close: () => closed.push(sensitivity),
          };
        },
        close: () => Promise.resolve(),
      };
      const rig = new Rig({ recognize: saying('this is to be written') }, { language: 'en' }, { wakeWords });
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.drain();
      expect(heardSamples).toBeGreaterThan(16_000 * 3);
      expect(rig.of('final')).toEqual([]);
      expect(Object.keys(rig.pipeline.ledger.shedMs)).toEqual(['asleep']);
      detect({ phrase: 'alexa', score: 0.9 });
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.drain();
      expect(rig.of('final')).toMatchObject([{ hypothesis: { text: 'This is to be written.' } }]);
      const settings = resolveSpeechSettings('balanced', { language: 'en', wakeSensitivity: 0.9 });
      rig.pipeline.update({ settings, longestWindowMs: 10_000 });
      rig.pipeline.update({ settings: { ...settings, wakeGate: false }, longestWindowMs: 10_000 });
      expect(closed).toEqual([0.6, 0.9]);
      await rig.pipeline.close();
    });

    test('are listened for in interims that nobody sees, where there are to be none', async () => {
      const kinds: string[] = [];
      const answer = saying('hey parley what is new');
      const recognizer: Recognizer = {
        recognize: (request) => {
          kinds.push(request.kind);
          return answer(request);
        },
      };
      const rig = new Rig(recognizer, { ...ASLEEP, interimIntervalMs: 0 });
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.close();
      expect(kinds).toContain('interim');
      expect(rig.of('interimUpdated')).toEqual([]);
      expect(rig.of('final')).toMatchObject([{ hypothesis: { text: 'What is new.' } }]);
    });

    test('fall asleep again after the final', async () => {
      let text = 'hey parley what is new';
      const rig = new Rig({ recognize: (request) => saying(text)(request) }, ASLEEP);
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.drain();
      text = 'this is private again';
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      await rig.silence(1_500);
      await rig.pipeline.close();
      expect(rig.of('utteranceOpened')).toHaveLength(2);
      expect(rig.of('final')).toMatchObject([{ hypothesis: { text: 'What is new.' } }]);
      expect(rig.of('interimUpdated').filter(({ hypothesis }) => /private|this/.test(hypothesis.text))).toEqual([]);
      expect(rig.of('interimRetracted')).toEqual([
        { type: 'interimRetracted', segmentId: rig.of('utteranceOpened')[1]?.segment.id },
      ]);
      expect(rig.states.at(-2)).toBe('wakeword');
    });
  });

  describe('a voice that reaches a second microphone', () => {
    test('is captioned once, for its speaker', async () => {
      const crosstalk = new CrosstalkGuard();
      const track = { name: 'microphone', epoch: 1, ssrc: 7, payloadType: 100, muted: false };
      let nowMs = monotonicNowMs();
      const rigOf = (trackId: string, on = true) =>
        new Rig(
          new FakeRecognizer({ script: { text: trackId } }),
          { crosstalkGuard: on },
          {
            crosstalk,
            track: { ...track, trackId, participantId: trackId },
            meetingStartedAtMs: nowMs,
            now: () => nowMs,
          },
        );
      const [own, other, unguarded] = [rigOf('own'), rigOf('other'), rigOf('unguarded', false)];
      const voice = Int16Array.from([...new Int16Array(16_000), ...SENTENCE, ...new Int16Array(16_000 * 2)]);
      const leak = voice.map((_, index) => Math.round(0.3 * (voice[index - 1_600] ?? 0)));
      for (let from = 0; from < voice.length; from += 512) {
        own.pipeline.pushPcm(voice.slice(from, from + 512));
        other.pipeline.pushPcm(leak.slice(from, from + 512));
        unguarded.pipeline.pushPcm(leak.slice(from, from + 512));
        nowMs += 32;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all([own, other, unguarded].map(({ pipeline }) => pipeline.close()));
      expect(own.of('final')).toMatchObject([{ hypothesis: { text: 'Own.' } }]);
      expect(own.pipeline.ledger.crosstalkMs).toBe(0);
      expect(other.of('utteranceOpened')).toEqual([]);
      expect(other.of('final')).toEqual([]);
      expect(other.of('gap')).toEqual([]);
      expect(other.of('interimUpdated')).toEqual([]);
      expect(other.pipeline.ledger.crosstalkMs).toBeGreaterThan(2_000);
      expect(sumOf(other.pipeline.ledger)).toBe(other.pipeline.ledger.totalMs);
      expect(unguarded.of('final')).toHaveLength(1);
    });
  });

  describe('settings', () => {
    test('change in the middle: what is asked from then on is asked as they say', async () => {
      const recognizer = new FakeRecognizer();
      const rig = new Rig(recognizer, { language: 'en', beamSize: 1 });
      await rig.say(SENTENCE.subarray(0, 16_000 * 2));
      expect(recognizer.requests.every(({ settings }) => settings.language === 'en')).toBe(true);
      const before = recognizer.requests.length;
      const settings = resolveSpeechSettings('balanced', { language: 'de', beamSize: 3 });
      rig.pipeline.update({ settings, longestWindowMs: 10_000 });
      expect(rig.pipeline.settings).toBe(settings);
      await rig.silence(1_500);
      await rig.pipeline.close();
      const after = recognizer.requests.slice(before);
      expect(after.find(({ kind }) => kind === 'final')?.settings).toMatchObject({ language: 'de', beamSize: 3 });
      expect(after.every((request) => request.settings.language === 'de')).toBe(true);
    });

    test('leave the interims out while the recogniser is too busy for them', async () => {
      const recognizer = new FakeRecognizer();
      const rig = new Rig(recognizer);
      rig.pipeline.setInterimPace(null);
      await rig.say(SENTENCE);
      await rig.silence(1_500);
      await rig.pipeline.close();
      expect(recognizer.requests.some(({ kind }) => kind === 'interim')).toBe(false);
      expect(rig.of('final')).toHaveLength(1);
    });

    test('cut what grows too long, without a seam, and go on within the sentence', async () => {
      const rig = new Rig(new FakeRecognizer({ script: { text: 'words' } }), {
        maxSegmentMs: 2_000,
        interimIntervalMs: 0,
        sentenceSplitMs: 0,
      });
      await rig.say(SENTENCE.subarray(0, 16_000 * 3));
      await rig.silence(1_500);
      await rig.pipeline.close();
      const finals = rig.of('final');
      expect(finals).toHaveLength(2);
      for (const [index, { segment }] of finals.entries()) {
        expect(segment.endMs - segment.startMs).toBeLessThanOrEqual(2_000);
        if (index > 0) expect(segment.startMs).toBeCloseTo(finals[index - 1]?.segment.endMs ?? 0, 1);
      }
      const stops = rig.activities.flatMap((each) => (each.type === 'utteranceEnded' ? [each.cause] : []));
      expect(stops).toEqual([...finals.slice(1).map(() => 'forced'), 'silence']);
      expect(finals.map(({ hypothesis }) => hypothesis.text)).toEqual([
        'Words',
        ...finals.slice(2).map(() => 'words'),
        'words.',
      ]);
    });
  });
});

function sumOf({ totalMs: _, shedMs, rejectedMs = {}, ...classes }: AudioLedgerTotals): number {
  const all = [classes, shedMs, rejectedMs].flatMap((each): number[] => Object.values(each));
  return all.reduce((sum, ms) => sum + ms, 0);
}

/** Two seconds of a sentence and then silence, before a recogniser that needs 400 ms for an answer. */
async function saidToASlowRecognizer() {
  const time = new ManualTime(monotonicNowMs());
  const rig = new Rig(new FakeRecognizer({ time, script: { delayMs: 400 } }), { interimIntervalMs: 0 });
  await rig.say(SENTENCE.subarray(0, 16_000 * 2));
  await rig.silence(2_000);
  const drained = rig.pipeline.drain();
  await expect.poll(() => rig.of('speechEnded').length).toBe(1);
  return { rig, time, drained };
}
