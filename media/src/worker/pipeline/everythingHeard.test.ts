import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Recognizer } from '../../asr/contract/Recognizer.js';
import {
  type Hypothesis,
  RecognitionError,
  type RecognitionErrorCode,
  type Rejection,
} from '../../asr/contract/recognition.js';
import { resolveSpeechSettings } from '../../settings/modes.js';
import type { SpeechOverrides } from '../../settings/speechSettings.js';
import { hypothesisOf } from '../../testing/FakeRecognizer.js';
import { joinPcm } from '../../testing/joinPcm.js';
import { silentFrames, soundActivity, WrittenSpeechReader, writeSpeech } from '../../testing/WrittenSpeech.js';
import type { AudioLedgerTotals, TrackEvent } from '../contract/messages.js';
import { VAD_FRAME_SAMPLES } from '../speech/index.js';
import { VoiceActivityStream, type VoiceActivityStreamOptions } from '../speech/VoiceActivityStream.js';
import { TrackPipeline, type TrackPipelineOptions } from './TrackPipeline.js';
import { ONE_TRACK } from './testing/oneTrack.js';

/** Frames with the same VAD answer. */
interface Stretch {
  frames: number;
  probability: number;
  loud: boolean;
}

type Answer = { turns: number } & (
  | { text: string; truncated: boolean; looped: boolean }
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
  fc.record({ turns, text: fc.constantFrom(...TEXTS), truncated: fc.boolean(), looped: fc.boolean() }),
  fc.record({ turns, rejected: fc.constantFrom(...REJECTIONS) }),
  fc.record({ turns, error: fc.constantFrom(...ERRORS) }),
);

/** Scripted answers to requests, in turn, each after a number of turns of the event loop; without a script, as `reader` answers. */
function scripted(answers: readonly Answer[], reader?: Recognizer): Recognizer {
  let asked = 0;
  return {
    recognize: async (request, { signal } = {}): Promise<Hypothesis> => {
      const next = answers[asked++ % answers.length] as Answer;
      for (let turn = 0; turn < next.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted === true) throw new RecognitionError('SUPERSEDED', 'given up');
      if ('error' in next) throw new RecognitionError(next.error, 'told to');
      if ('rejected' in next) return { ...hypothesisOf(''), rejected: next.rejected };
      const { text, truncated, looped } = next;
      if (reader !== undefined && text !== '') return reader.recognize(request);
      const loop = looped && text !== '' ? { loopAtMs: request.pcm.length / 40 } : {};
      return { ...hypothesisOf(text), truncated, ...loop };
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
  // Never digital silence, for which the VAD would not be asked.
  return Int16Array.from(
    { length: frames * VAD_FRAME_SAMPLES },
    (_, at) => (loud ? 3_000 : 3) * (at % 2 === 0 ? 1 : -1),
  );
}

async function play(options: {
  pcm: Int16Array;
  settings: SpeechOverrides;
  voiceActivity: TrackPipelineOptions['voiceActivity'];
  recognizer: Recognizer;
}) {
  const { pcm, settings, ...parts } = options;
  const events: TrackEvent[] = [];
  let nowMs = 0;
  const pipeline = new TrackPipeline({
    meetingId: 'room',
    track: ONE_TRACK,
    meetingStartedAtMs: 0,
    settings: resolveSpeechSettings('balanced', { language: 'en', ...settings }),
    longestWindowMs: 28_000,
    onEvent: (event) => events.push(event),
    now: () => nowMs,
    ...parts,
  });
  for (let at = 0; at < pcm.length; at += 8 * VAD_FRAME_SAMPLES) {
    const part = pcm.slice(at, at + 8 * VAD_FRAME_SAMPLES);
    nowMs += part.length / 16;
    pipeline.pushPcm(part);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sumOf(pipeline.ledger)).toBe(pipeline.ledger.totalMs);
  }
  await pipeline.close();
  return { events, ledger: pipeline.ledger, pushedMs: pcm.length / 16 };
}

function sumOf({ totalMs: _, shedMs, rejectedMs = {}, ...classes }: AudioLedgerTotals): number {
  return total([classes, shedMs, rejectedMs].flatMap((each): number[] => Object.values(each)));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, ms) => sum + ms, 0);
}

/** Each utterance ends once, what was shown of it leaves a trace, and each sample is in the one class that follows from that. */
function expectAccounted({ events, ledger, pushedMs }: Awaited<ReturnType<typeof play>>): void {
  const opened = events.flatMap((event) => (event.type === 'utteranceOpened' ? [event.segment] : []));
  const finals = events.flatMap((event) => (event.type === 'final' ? [event.segment] : []));
  const gaps = events.flatMap((event) => (event.type === 'gap' ? [event] : []));
  const retracted = events.flatMap((event) => (event.type === 'interimRetracted' ? [event.segmentId] : []));
  const shown = new Set(events.flatMap((event) => (event.type === 'interimUpdated' ? [event.segment.id] : [])));
  const activities = events.flatMap((event) => (event.type === 'trackActivity' ? [event.activity] : []));

  // What a final leaves out is a gap within it.
  const within = gaps.map(({ segment }) => segment).filter(({ id }) => /\.missing-\d+$/u.test(id));
  const ended = [...finals, ...gaps.map(({ segment }) => segment).filter((gap) => !within.includes(gap))]
    .map(({ id }) => id)
    .concat(retracted);
  expect(ended.toSorted()).toEqual(opened.map(({ id }) => id).toSorted());
  expect(retracted.filter((id) => shown.has(id))).toEqual([]);

  expect(ledger).toMatchObject({ totalMs: pushedMs, pendingMs: 0 });
  expect(sumOf(ledger)).toBe(pushedMs);
  const lengthOf = ({ startMs, endMs }: { startMs: number; endMs: number }) => endMs - startMs;
  expect(ledger.transcribedMs).toBeCloseTo(total(finals.map(lengthOf)) - total(within.map(lengthOf)), 3);
  for (const reason of new Set([...gaps.map((gap) => gap.reason), ...Object.keys(ledger.shedMs)])) {
    const ofReason = gaps.filter((gap) => gap.reason === reason).map(({ segment }) => lengthOf(segment));
    expect(ledger.shedMs[reason as 'rejected'], reason).toBeCloseTo(total(ofReason), 3);
  }
  // Submitted, and neither written nor missing: rejected. The rest was never submitted.
  const rejectedMs = opened
    .filter(({ id }) => retracted.includes(id))
    .filter(({ id }) => activities.some((each) => each.type === 'transcriptionStarted' && each.segmentId === id))
    .map(({ id, startMs }) => {
      const stopped = activities.find((each) => each.type === 'utteranceEnded' && each.segmentId === id);
      return (stopped?.type === 'utteranceEnded' ? stopped.atMs : 0) - startMs;
    });
  expect(total(Object.values(ledger.rejectedMs ?? {}))).toBeCloseTo(total(rejectedMs), 3);
}

describe('silence in the transcript means silence in the room', () => {
  test('whatever VAD and recogniser say', async () => {
    const stretches = fc.array(stretch, { minLength: 1, maxLength: 12 });
    const answers = fc.array(answer, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(stretches, answers, async (heard, answered) => {
        const played = await play({
          pcm: joinPcm(heard.map(soundOf)),
          settings: { maxSegmentMs: 3_000, firstInterimMs: 200 },
          voiceActivity: scriptedActivity(heard),
          recognizer: scripted(answered),
        });
        expectAccounted(played);
      }),
      { numRuns: 100 },
    );
  });

  test('whatever becomes of the parts that a monologue is cut into', async () => {
    const speech = writeSpeech('one two three four. five six seven, eight. nine ten. eleven twelve thirteen fourteen.');
    const pcm = joinPcm([speech.pcm, silentFrames(1_500)]);
    const usual = {
      weight: 6,
      arbitrary: fc.record({
        turns,
        text: fc.constant('as it is'),
        truncated: fc.constant(false),
        looped: fc.constant(false),
      }),
    };
    const answers = fc.array(fc.oneof(usual, { weight: 1, arbitrary: answer }), { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(answers, async (answered) => {
        const played = await play({
          pcm: pcm.slice(0, pcm.length - (pcm.length % VAD_FRAME_SAMPLES)),
          settings: { sentenceSplitMs: 1_000 },
          voiceActivity: soundActivity,
          recognizer: scripted(answered, new WrittenSpeechReader(speech)),
        });
        expectAccounted(played);
      }),
      { numRuns: 60 },
    );
  });
});
