import { MODES, type ModeName, resolveSpeechSettings, VoiceActivityModel } from '@parley/media';
import { align, comparableWords, countSeams } from '@parley/media/testing';
import { monologues, type Speech } from '../live/speech.js';
import { RecogniserProcess } from '../RecogniserProcess.js';
import { type BenchResult, formatNumber } from '../report.js';
import { playSamples } from './playSamples.js';

export interface SeamOptions {
  mode?: ModeName;
  /** A name of the catalogue or a file; default: the built-in one. */
  model?: string;
  /** Times that each monologue is heard, each time from a later word on; default: enough for 200 seams. */
  runs?: number;
}

const RUNS = 10;
/** Each run begins so many words later, so that what is heard together, and where it is cut, is never the same. */
const WORDS_LATER = 3;
const LEAD_MS = 400;
/** No multiple of a VAD frame: frames lie otherwise over the speech, too. */
const LEAD_STEP_MS = 7;
const TAIL_MS = 1_200;
const SAMPLES_PER_MS = 16;

/**
 * Cuts inside of speech: monologues without a pause, from many places on, while time stands still. Counts the seams beside which a
 * word is lost or doubled.
 */
export async function benchSeams(options: SeamOptions = {}): Promise<BenchResult> {
  const mode = options.mode ?? 'balanced';
  if (!(mode in MODES)) throw new Error(`There is no mode "${mode}". There are: ${Object.keys(MODES).join(', ')}`);
  const settings = resolveSpeechSettings(mode);
  const recogniser = await RecogniserProcess.start(options.model === undefined ? {} : { model: options.model });
  const voiceActivity = await VoiceActivityModel.create();
  const { longestWindowMs } = recogniser.model.profile;
  const sum = { monologues: 0, audioMs: 0, seams: 0, broken: 0, gaps: 0, words: 0, edits: 0, engineMs: 0 };
  const play = async (speech: Speech) => {
    const heard = await playSamples({
      ...speech,
      settings,
      longestWindowMs,
      voiceActivity,
      recognizer: recogniser.client,
    });
    const spoken = speech.words.map(({ text }) => text);
    const seams = countSeams({ texts: heard.texts, spoken });
    sum.monologues += 1;
    sum.audioMs += speech.pcm.length / SAMPLES_PER_MS;
    sum.seams += seams.seams;
    sum.broken += seams.broken;
    sum.gaps += heard.gaps;
    sum.engineMs += heard.engineMs;
    const words = spoken.flatMap(comparableWords);
    sum.words += words.length;
    sum.edits += align(words, heard.texts.flatMap(comparableWords)).edits;
  };
  try {
    const runs = options.runs ?? RUNS;
    for (let run = 0; run < runs; run += 1) {
      console.error(`${run + 1} of ${runs} ...`);
      await Promise.all(monologues().map((speech) => play(begunLater(speech, run))));
    }
  } finally {
    await recogniser.close();
    await voiceActivity.close();
  }
  const figures = {
    mode,
    model: recogniser.model.profile.name,
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

/** The same speech from a later word on, after a silence of another length. */
export function begunLater({ pcm, words }: Speech, run: number): Speech {
  const dropped = run * WORDS_LATER;
  const leadMs = LEAD_MS + run * LEAD_STEP_MS;
  const before = words[dropped - 1]?.endMs ?? 0;
  const fromMs = Math.round((before + (words[dropped]?.startMs ?? 0)) / 2);
  const spoken = pcm.subarray(fromMs * SAMPLES_PER_MS);
  const later = new Int16Array(spoken.length + (leadMs + TAIL_MS) * SAMPLES_PER_MS);
  later.set(spoken, leadMs * SAMPLES_PER_MS);
  const shiftMs = leadMs - fromMs;
  return {
    pcm: later,
    words: words
      .slice(dropped)
      .map((word) => ({ ...word, startMs: word.startMs + shiftMs, endMs: word.endMs + shiftMs })),
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
