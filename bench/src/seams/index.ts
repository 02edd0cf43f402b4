import { align, comparableWords, countSeams, joinPcm } from '@parley/media/testing';
import { type BenchResult, formatNumber } from '../report.js';
import { SetUp, type SetUpOptions } from '../SetUp.js';
import { moved, SAMPLES_PER_MS, type Speech, timedWords, utteranceOf } from '../speech/Speech.js';
import { playSamples } from './playSamples.js';

export interface SeamOptions extends SetUpOptions {
  /** Runs of each monologue, each from a later word on; default: enough for 200 seams. */
  runs?: number;
}

const RUNS = 10;
/** Each run starts this many words later, so that windows and cuts are never the same. */
const WORDS_LATER = 3;
const LEAD_MS = 400;
/** Not a multiple of a VAD frame, so that the frames are aligned differently, too. */
const LEAD_STEP_MS = 7;
const TAIL_MS = 1_200;

/**
 * Cuts inside speech: monologues without a pause, from many starting points, while time stands still. Counts the seams where a word is lost
 * or doubled.
 */
export async function benchSeams(options: SeamOptions = {}): Promise<BenchResult> {
  const { runs = RUNS, ...rest } = options;
  const setUp = await SetUp.create(rest);
  const sum = { monologues: 0, audioMs: 0, seams: 0, broken: 0, gaps: 0, words: 0, edits: 0, engineMs: 0 };
  const play = async ({ pcm, utterances }: Speech) => {
    const { settings, longestWindowMs, reading, voiceActivity, recogniser } = setUp;
    const how = { settings, longestWindowMs, reading, voiceActivity, recognizer: recogniser.client };
    const heard = await playSamples({ ...how, pcm });
    const spoken = utterances.map(({ text }) => text);
    const seams = countSeams({ texts: heard.texts, spoken });
    sum.monologues += 1;
    sum.audioMs += pcm.length / SAMPLES_PER_MS;
    sum.seams += seams.seams;
    sum.broken += seams.broken;
    sum.gaps += heard.gaps;
    sum.engineMs += heard.engineMs;
    const words = spoken.flatMap(comparableWords);
    sum.words += words.length;
    sum.edits += align(words, heard.texts.flatMap(comparableWords)).edits;
  };
  try {
    const { monologues, name } = setUp.meeting;
    if (monologues === undefined) {
      throw new Error(`There are no monologues of the meeting ${name}: take --meeting people or --meeting synthetic.`);
    }
    const speeches = await monologues();
    for (let run = 0; run < runs; run += 1) {
      console.error(`${run + 1} of ${runs} ...`);
      await Promise.all(speeches.map((speech) => play(begunLater(speech, run))));
    }
  } finally {
    await setUp.close();
  }
  const figures = {
    ...setUp.figures,
    monologues: sum.monologues,
    audioSeconds: Math.round(sum.audioMs / 1_000),
    seams: sum.seams,
    broken: sum.broken,
    gaps: sum.gaps,
    wer: Number((sum.edits / sum.words).toFixed(4)),
    engineMsPerSecond: Math.round(sum.engineMs / (sum.audioMs / 1_000)),
  };
  return { table: tableOf(figures), figures };
}

/**
 * The same speech from a later word on, after a silence of another length. If the times of words are unknown, it starts at a later
 * utterance, and what was before follows at the end.
 */
export function begunLater(speech: Speech, run: number): Speech {
  const { pcm, utterances } = timedWords(speech).length > 0 ? fromWord(speech, run * WORDS_LATER) : turned(speech, run);
  const leadMs = LEAD_MS + run * LEAD_STEP_MS;
  const later = new Int16Array(pcm.length + (leadMs + TAIL_MS) * SAMPLES_PER_MS);
  later.set(pcm, leadMs * SAMPLES_PER_MS);
  return { pcm: later, utterances: utterances.map((utterance) => moved(utterance, leadMs)) };
}

function fromWord(speech: Speech, dropped: number): Speech {
  const words = timedWords(speech);
  const before = words[dropped - 1]?.endMs ?? 0;
  const fromMs = Math.round((before + (words[dropped]?.startMs ?? 0)) / 2);
  return {
    pcm: speech.pcm.subarray(fromMs * SAMPLES_PER_MS),
    utterances: [moved(utteranceOf(words.slice(dropped)), -fromMs)],
  };
}

function turned({ pcm, utterances }: Speech, run: number): Speech {
  const first = run % utterances.length;
  const fromMs = utterances[first]?.startMs ?? 0;
  const cut = fromMs * SAMPLES_PER_MS;
  const restMs = pcm.length / SAMPLES_PER_MS - fromMs;
  return {
    pcm: joinPcm([pcm.subarray(cut), pcm.subarray(0, cut)]),
    utterances: [
      ...utterances.slice(first).map((utterance) => moved(utterance, -fromMs)),
      ...utterances.slice(0, first).map((utterance) => moved(utterance, restMs)),
    ],
  };
}

function tableOf(figures: {
  monologues: number;
  audioSeconds: number;
  seams: number;
  broken: number;
  gaps: number;
  wer: number;
  engineMsPerSecond: number;
}): BenchResult['table'] {
  const { monologues: heard, audioSeconds, seams, broken, gaps, wer, engineMsPerSecond } = figures;
  return {
    columns: ['monologues', 'audio s', 'seams', 'broken', 'gaps', 'WER', 'engine ms / s'],
    rows: [
      [
        ...[heard, audioSeconds, seams].map(String),
        `${broken} (${formatNumber(seams === 0 ? 0 : (100 * broken) / seams)} %)`,
        String(gaps),
        `${formatNumber(100 * wer)} %`,
        String(engineMsPerSecond),
      ],
    ],
  };
}
