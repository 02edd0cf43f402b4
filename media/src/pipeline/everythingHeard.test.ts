import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Recognizer } from '../asr/Recognizer.js';
import { type Hypothesis, RecognitionError, type RecognitionErrorCode, type Rejection } from '../asr/types.js';
import { resolveSpeechSettings, VAD_FRAME_SAMPLES } from '../speech/index.js';
import { VoiceActivityStream, type VoiceActivityStreamOptions } from '../speech/VoiceActivityStream.js';
import { hypothesisOf } from '../testing/FakeRecognizer.js';
import type { AudioLedgerTotals, SpeakerEvent } from './messages.js';
import { SpeakerPipeline } from './SpeakerPipeline.js';

/** Frames that the VAD answers alike. */
interface Stretch {
  frames: number;
  probability: number;
  loud: boolean;
}

type Answer = { turns: number } & (
  | { text: string; truncated: boolean }
  | { rejected: Rejection }
  | { error: RecognitionErrorCode }
);

const REJECTIONS = ['noSpeech', 'noLetters', 'annotation', 'lowProbability', 'repetition'] as const;
const ERRORS: readonly RecognitionErrorCode[] = [
  'DEADLINE_EXCEEDED',
  'OVERLOADED',
  'RECOGNIZER_FAILED',
  'ENGINE_TOO_SLOW',
  'NOT_SUPPORTED',
  'RECOGNIZER_UNAVAILABLE',
  'SUPERSEDED',
  'CLOSED',
];
const TEXTS = ['', 'words', 'one two three. four five six seven', 'and then we went on, and on'];

const stretch: fc.Arbitrary<Stretch> = fc.record({
  frames: fc.integer({ min: 1, max: 60 }),
  probability: fc.constantFrom(0.02, 0.4, 0.95, 0.95),
  loud: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});
const turns = fc.nat(4);
const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ turns, text: fc.constantFrom(...TEXTS), truncated: fc.boolean() }),
  fc.record({ turns, rejected: fc.constantFrom(...REJECTIONS) }),
  fc.record({ turns, error: fc.constantFrom(...ERRORS) }),
);

/** Answers whatever is asked in turn, each after so many turns of the event loop. */
function scripted(answers: readonly Answer[]): Recognizer {
  let asked = 0;
  return {
    recognize: async (_, { signal } = {}): Promise<Hypothesis> => {
      const next = answers[asked++ % answers.length] as Answer;
      for (let turn = 0; turn < next.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted === true) throw new RecognitionError('SUPERSEDED', 'given up');
      if ('error' in next) throw new RecognitionError(next.error, 'told to');
      if ('rejected' in next) return { ...hypothesisOf(''), rejected: next.rejected };
      return { ...hypothesisOf(next.text), truncated: next.truncated };
    },
  };
}

function scriptedActivity(stretches: readonly Stretch[]) {
  const probabilities = stretches.flatMap(({ frames, probability }) => new Array<number>(frames).fill(probability));
  return {
    open: (options: VoiceActivityStreamOptions) =>
      new VoiceActivityStream(
        {
          ready(stream) {
            if (stream.takeFrame() !== undefined) stream.finish(probabilities.shift() ?? 0);
          },
          closed() {},
        },
        options,
      ),
  };
}

function soundOf({ frames, loud }: Stretch): Int16Array {
  // Never digital silence, which the VAD would not be asked about.
  return Int16Array.from(
    { length: frames * VAD_FRAME_SAMPLES },
    (_, at) => (loud ? 3_000 : 3) * (at % 2 === 0 ? 1 : -1),
  );
}

async function play(stretches: readonly Stretch[], answers: readonly Answer[]) {
  const events: SpeakerEvent[] = [];
  let nowMs = 0;
  let pushed = 0;
  const pipeline = new SpeakerPipeline({
    roomId: 'room',
    speaker: { speakerId: 's', participantId: 'p', track: 'mic', epoch: 1, ssrc: 1, payloadType: 100, muted: false },
    meetingStartedAtMs: 0,
    settings: resolveSpeechSettings('balanced', { language: 'en', maxSegmentMs: 3_000, firstInterimMs: 200 }),
    longestWindowMs: 28_000,
    voiceActivity: scriptedActivity(stretches),
    recognizer: scripted(answers),
    onEvent: (event) => events.push(event),
    now: () => nowMs,
  });
  for (const each of stretches) {
    const pcm = soundOf(each);
    for (let at = 0; at < pcm.length; at += 8 * VAD_FRAME_SAMPLES) {
      const part = pcm.slice(at, at + 8 * VAD_FRAME_SAMPLES);
      nowMs += part.length / 16;
      pushed += part.length;
      pipeline.pushPcm(part);
      await new Promise((resolve) => setImmediate(resolve));
      expect(sumOf(pipeline.ledger)).toBe(pushed / 16);
    }
  }
  await pipeline.close();
  return { events, ledger: pipeline.ledger, pushedMs: pushed / 16 };
}

function sumOf({ totalMs: _, shedMs, rejectedMs = {}, ...classes }: AudioLedgerTotals): number {
  return total([classes, shedMs, rejectedMs].flatMap((each): number[] => Object.values(each)));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, ms) => sum + ms, 0);
}

test('silence in the transcript means silence in the room: whatever VAD and recogniser say, all that was heard is accounted for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(stretch, { minLength: 1, maxLength: 12 }),
      fc.array(answer, { minLength: 1, maxLength: 12 }),
      async (stretches, answers) => {
        const { events, ledger, pushedMs } = await play(stretches, answers);
        const opened = events.flatMap((event) => (event.type === 'opened' ? [event.segment] : []));
        const finals = events.flatMap((event) => (event.type === 'final' ? [event.segment] : []));
        const gaps = events.flatMap((event) => (event.type === 'gap' ? [event] : []));
        const retracted = events.flatMap((event) => (event.type === 'retracted' ? [event.segmentId] : []));
        const shown = new Set(events.flatMap((event) => (event.type === 'interim' ? [event.segment.id] : [])));

        // Each utterance ends once, and what was shown of it never without a trace.
        const ended = [...finals.map(({ id }) => id), ...gaps.map(({ segment }) => segment.id), ...retracted];
        expect(ended.toSorted()).toEqual(opened.map(({ id }) => id).toSorted());
        expect(retracted.filter((id) => shown.has(id))).toEqual([]);

        // Each sample is in one class ...
        expect(ledger).toMatchObject({ totalMs: pushedMs, pendingMs: 0 });
        expect(sumOf(ledger)).toBe(pushedMs);
        // ... and in the right one.
        const lengthOf = ({ startMs, endMs }: { startMs: number; endMs: number }) => endMs - startMs;
        expect(ledger.transcribedMs).toBeCloseTo(total(finals.map(lengthOf)), 3);
        for (const reason of new Set([...gaps.map((gap) => gap.reason), ...Object.keys(ledger.shedMs)])) {
          const ofReason = gaps.filter((gap) => gap.reason === reason).map(({ segment }) => lengthOf(segment));
          expect(ledger.shedMs[reason as 'rejected'], reason).toBeCloseTo(total(ofReason), 3);
        }
        // What was asked about and retracted was rejected; what was never asked about was no speech.
        const stops = events.flatMap((event) =>
          event.type === 'activity' && event.activity.type === 'recordingStopped' ? [event.activity] : [],
        );
        const asked = new Set(
          events.flatMap((event) =>
            event.type === 'activity' && event.activity.type === 'transcriptionStarted'
              ? [event.activity.segmentId]
              : [],
          ),
        );
        const rejected = retracted
          .filter((id) => asked.has(id))
          .map((id) => {
            const startMs = opened.find((segment) => segment.id === id)?.startMs ?? 0;
            return (stops.find(({ segmentId }) => segmentId === id)?.atMs ?? 0) - startMs;
          });
        expect(total(Object.values(ledger.rejectedMs ?? {}))).toBeCloseTo(total(rejected), 3);
      },
    ),
    { numRuns: 100 },
  );
});
