import type { Hypothesis, Recognizer } from '@parley/media/asr';
import type { ReadingProfile, SpeechSettings } from '@parley/media/settings';
import type { VoiceActivityModel } from '@parley/media/worker';
import { StandingSpeaker } from '../StandingSpeaker.js';
import { SAMPLES_PER_MS, type Span, type Speech, type SpokenUtterance } from '../speech/Speech.js';
import type { Scenario, ScenarioObservation } from './scenario.js';

const CHUNK_SAMPLES = 320;
const CHUNK_MS = 20;
/** Audio before the first word and after the last that the pipeline gets, too. */
const MARGIN_MS = 300;
/** Utterances that overlap a caption less than this are not part of it. */
const LEAST_OVERLAP_MS = 100;

/** An interim as the recogniser answered it. */
export interface Answer {
  hypothesis: Pick<Hypothesis, 'text' | 'words' | 'engineMs'>;
  /** Milliseconds from the first sample of the track to the newest one in the request. */
  endMs: number;
  /** Length of the request's audio. */
  lengthMs: number;
}

/** One caption of a track: its interims in order, and its times. */
export interface RecordedCaption extends Span {
  answers: Answer[];
}

/**
 * A recogniser's answers during speech: every interim that the pipeline requests, in a time that stands still during work. So the answers
 * come as often as on a machine that is never busy.
 *
 * @returns a scenario for each caption whose words are known, and the number of those whose words are not
 */
export async function recordScenarios(options: {
  speech: Speech;
  name: string;
  recognizer: Recognizer;
  settings: SpeechSettings;
  longestWindowMs: number;
  reading?: Partial<ReadingProfile> | undefined;
  voiceActivity: VoiceActivityModel;
}): Promise<{ scenarios: Scenario[]; leftOut: number }> {
  const { speech, name, recognizer, ...how } = options;
  const answers: Answer[] = [];
  let heardSamples = 0;
  const speaker = new StandingSpeaker({
    ...how,
    recognizer: {
      recognize: async (request, requestOptions) => {
        const endMs = heardSamples / SAMPLES_PER_MS;
        const hypothesis = await recognizer.recognize(request, requestOptions);
        const lengthMs = request.pcm.length / SAMPLES_PER_MS;
        if (request.kind === 'interim' && hypothesis.text !== '') answers.push({ hypothesis, endMs, lengthMs });
        return hypothesis;
      },
    },
  });
  for (let at = 0; at < speech.pcm.length; at += CHUNK_SAMPLES) {
    speaker.pipeline.pushPcm(speech.pcm.slice(at, at + CHUNK_SAMPLES));
    heardSamples += CHUNK_SAMPLES;
    await speaker.goOn(CHUNK_MS);
  }
  const { segments } = await speaker.close();
  const longestMs = Math.min(how.settings.interimWindowMs, how.longestWindowMs);
  const captions = captionsOf({ segments, answers, longestMs });
  const scenarios = captions.map((caption, index) =>
    scenarioOf({ caption, utterances: speech.utterances, name: `${name}, ${index + 1}` }),
  );
  return {
    scenarios: scenarios.filter((scenario) => scenario !== undefined),
    leftOut: scenarios.filter((scenario) => scenario === undefined).length,
  };
}

/**
 * Which answers belong to which caption and cover all of it so far. Leaves out those requested before the caption was cut off from the one
 * before, and those of a long one whose audio no longer starts at the beginning.
 */
export function captionsOf(options: {
  segments: readonly Span[];
  answers: readonly Answer[];
  longestMs: number;
}): RecordedCaption[] {
  const { segments, answers, longestMs } = options;
  return segments.map(({ startMs, endMs }) => ({
    startMs,
    endMs,
    answers: answers.filter(
      (answer) =>
        answer.endMs > startMs &&
        answer.endMs <= Math.min(endMs, startMs + longestMs) &&
        answer.lengthMs <= answer.endMs - startMs,
    ),
  }));
}

/**
 * A caption as a scenario: its words are those of its time. If the times of words are unknown, the utterances must be entirely within the
 * caption. Undefined if one is not, or if there was no interim.
 */
export function scenarioOf(options: {
  caption: RecordedCaption;
  utterances: readonly SpokenUtterance[];
  name: string;
}): Scenario | undefined {
  const { caption, utterances, name } = options;
  const spoken = spokenIn(caption, utterances);
  if (spoken === undefined || caption.answers.length === 0) return undefined;
  const seconds = (ms: number) => Number((Math.max(0, ms - caption.startMs) / 1_000).toFixed(3));
  return {
    name,
    category: 'recorded',
    reference: spoken.text,
    wordEndTimesS: spoken.wordEndsMs.map(seconds),
    observations: caption.answers.map((answer) => observationOf(answer, seconds)),
  };
}

function observationOf({ hypothesis, endMs }: Answer, seconds: (ms: number) => number): ScenarioObservation {
  const { text, words, engineMs } = hypothesis;
  return {
    text,
    completedAtS: seconds(endMs + engineMs),
    audioEndS: seconds(endMs),
    ...(words === undefined
      ? {}
      : {
          // Their times count from the start of the request, which is the caption's.
          words: words.map(({ text: word, startMs, endMs: wordEndMs, probability }) => ({
            text: word,
            startS: startMs / 1_000,
            endS: wordEndMs / 1_000,
            probability,
          })),
        }),
  };
}

function spokenIn(
  caption: Span,
  utterances: readonly SpokenUtterance[],
): { text: string; wordEndsMs: number[] } | undefined {
  const near = utterances.filter(
    ({ startMs, endMs }) => Math.min(endMs, caption.endMs) - Math.max(startMs, caption.startMs) >= LEAST_OVERLAP_MS,
  );
  if (near.length === 0) return undefined;
  if (near.every(({ words }) => words !== undefined)) {
    const words = near
      .flatMap(({ words: all = [] }) => all)
      .filter(({ startMs, endMs }) => isWithin((startMs + endMs) / 2, caption));
    return { text: words.map(({ text }) => text).join(' '), wordEndsMs: words.map(({ endMs }) => endMs) };
  }
  const whole = near.every(
    ({ startMs, endMs }) => startMs >= caption.startMs - MARGIN_MS && endMs <= caption.endMs + MARGIN_MS,
  );
  return whole ? { text: near.map(({ text }) => text).join(' '), wordEndsMs: [] } : undefined;
}

function isWithin(atMs: number, { startMs, endMs }: Span): boolean {
  return atMs >= startMs && atMs <= endMs;
}
