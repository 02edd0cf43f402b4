import { comparableWords, OpusEncoder } from '@parley/media/testing';
import { type BenchResult, formatNumber } from '../report.js';
import { SetUp, type SetUpOptions } from '../SetUp.js';
import { readAudio } from '../speech/readAudio.js';
import { SAMPLES_PER_MS } from '../speech/Speech.js';
import { throughBareEngine } from './bareEngine.js';
import { countErrors, sumErrors, type WordErrors, werOf } from './countErrors.js';
import { type DatasetItem, readDataset } from './dataset.js';
import { countPunctuation, type PunctuationCounts, punctuationScore } from './punctuation.js';
import { type Heard, LEAD_MS, lostPackets, throughPipeline } from './throughPipeline.js';

export interface WerOptions extends SetUpOptions {
  /** A folder of recordings with transcripts, instead of the tracks of a meeting. */
  data?: string;
  /** Percentages of lost packets; one run through the pipeline each. */
  lossPercents?: readonly number[];
}

const BARE = 'bare engine';
/** The table has only the worst ones; the figures have all. */
const FILES_SHOWN = 40;
/** Shown in the table for recordings without speech. */
const NOBODY = 'no speech';

interface Recording {
  name: string;
  text: string;
  /** ISO 639-1, empty if there is no speech; absent if unknown. */
  language?: string;
  read: () => Promise<Int16Array>;
}

/** One recording through the pipeline or the bare engine. */
export interface Result {
  file: string;
  language?: string;
  way: string;
  errors: WordErrors;
  punctuation: PunctuationCounts;
  audioMs: number;
  /** From the first packet to the last word, as fast as the machine can. */
  wallMs: number;
  engineMs: number;
  gaps: number;
  heard: string;
}

/**
 * Recordings through the whole pipeline (Opus, RTP, jitter buffer, VAD, segmenter, recogniser, gates) and through the bare engine, same
 * model, same run: word errors of each recording and of all. Time stands still while the recogniser works, so that the figures do not
 * depend on the machine.
 */
export async function benchWer(options: WerOptions = {}): Promise<BenchResult> {
  const { data, lossPercents: losses = [0], ...rest } = options;
  if (data !== undefined && rest.meeting !== undefined) {
    throw new Error('--data and --meeting name two things to hear: give one of them.');
  }
  const setUp = await SetUp.create(rest);
  const studio = new Studio(setUp);
  try {
    const { recordings, ...leftOut } = await recordingsOf({ folder: data, setUp });
    const { name } = setUp.recogniser.model.profile;
    for (const each of leftOut.unmatched) console.error(`left out, recording or transcript is missing: ${each}`);
    for (const each of leftOut.otherLanguages) console.error(`left out, ${name} knows English alone: ${each}`);
    const results: Result[] = [];
    for (const [index, recording] of recordings.entries()) {
      console.error(`${index + 1} of ${recordings.length}: ${recording.name}`);
      results.push(...(await studio.listen({ recording, seed: index + 1, losses })));
    }
    const { meeting, ...figures } = setUp.figures;
    const heard = data === undefined ? { meeting } : { data };
    return { table: tableOf(results), figures: { ...figures, ...heard, ...leftOut, ...figuresOf(results) } };
  } finally {
    studio.close();
    await setUp.close();
  }
}

async function recordingsOf(options: {
  folder: string | undefined;
  setUp: SetUp;
}): Promise<{ recordings: Recording[]; unmatched: string[]; otherLanguages: string[] }> {
  const { folder, setUp } = options;
  if (folder === undefined) {
    const tracks = await setUp.meeting.tracks();
    const recordings = tracks.map(({ pcm, utterances }, index) => ({
      name: `${setUp.meeting.name}, track ${index + 1}`,
      text: utterances.map(({ text }) => text).join(' '),
      read: () => Promise.resolve(pcm),
    }));
    return { recordings, unmatched: [], otherLanguages: [] };
  }
  const { items, unmatched } = await readDataset(folder);
  if (items.length === 0) {
    throw new Error(
      `There is no recording with a transcript in ${folder}: name.wav beside name.txt, the layout of LibriSpeech, or clips.json.`,
    );
  }
  const { multilingual } = setUp.recogniser.model.profile;
  const { understood, others } = byLanguageOf({ items, multilingual });
  return {
    recordings: understood.map(({ audioFile, ...item }) => ({ ...item, read: () => readAudio(audioFile) })),
    unmatched,
    otherLanguages: others.map(({ name }) => name),
  };
}

/** For an English-only model, recordings in other languages are skipped. */
export function byLanguageOf(options: { items: readonly DatasetItem[]; multilingual: boolean }): {
  understood: DatasetItem[];
  others: DatasetItem[];
} {
  const isUnderstood = ({ language }: DatasetItem) => options.multilingual || ['en', '', undefined].includes(language);
  return {
    understood: options.items.filter(isUnderstood),
    others: options.items.filter((item) => !isUnderstood(item)),
  };
}

/** The shared set-up for all recordings. */
class Studio {
  readonly #setUp: SetUp;
  readonly #encoder = new OpusEncoder();

  constructor(setUp: SetUp) {
    this.#setUp = setUp;
  }

  async listen(options: { recording: Recording; seed: number; losses: readonly number[] }): Promise<Result[]> {
    const { recording, seed, losses } = options;
    const pcm = await recording.read();
    const { settings, longestWindowMs, reading, voiceActivity, recogniser } = this.#setUp;
    const recognizer = recogniser.client;
    const measure = (way: string, work: () => Promise<Heard>) => measured({ recording, pcm, way, work });
    const { language, task, beamSize, temperatureFallback } = settings;
    const bare = { pcm, recognizer, longestWindowMs, settings: { language, task, beamSize, temperatureFallback } };
    const results = [await measure(BARE, () => throughBareEngine(bare))];
    for (const lossPercent of losses) {
      const packets = this.#encoder.encode(withSilence(pcm), { lossPercent });
      const lost = lostPackets(packets.length, { lossPercent, seed });
      const run = { packets, lost, settings, recognizer, longestWindowMs, reading, voiceActivity };
      results.push(await measure(wayOf(lossPercent), () => throughPipeline(run)));
    }
    return results;
  }

  close(): void {
    this.#encoder.close();
  }
}

async function measured(options: {
  recording: Recording;
  pcm: Int16Array;
  way: string;
  work: () => Promise<Heard>;
}): Promise<Result> {
  const { recording, pcm, way, work } = options;
  const startedAtMs = performance.now();
  const { text, engineMs, gaps } = await work();
  return {
    file: recording.name,
    ...(recording.language === undefined ? {} : { language: recording.language }),
    way,
    errors: countErrors(comparableWords(recording.text), comparableWords(text)),
    punctuation: countPunctuation(recording.text, text),
    audioMs: pcm.length / SAMPLES_PER_MS,
    wallMs: performance.now() - startedAtMs,
    engineMs,
    gaps,
    heard: text,
  };
}

function withSilence(pcm: Int16Array): Int16Array {
  const lead = LEAD_MS * SAMPLES_PER_MS;
  const whole = new Int16Array(pcm.length + 2 * lead);
  whole.set(pcm, lead);
  return whole;
}

function wayOf(lossPercent: number): string {
  return lossPercent === 0 ? 'pipeline' : `pipeline, ${lossPercent} % lost`;
}

function summaryOf(way: string, results: readonly Result[]) {
  const sum = (pick: (result: Result) => number) => results.reduce((total, result) => total + pick(result), 0);
  const errors = sumErrors(results.map((result) => result.errors));
  const audioMs = sum((result) => result.audioMs);
  return {
    way,
    files: results.length,
    ...errors,
    wer: werOf(errors),
    realTimeFactor: Number((sum((result) => result.wallMs) / audioMs).toFixed(4)),
    engineRealTimeFactor: Number((sum((result) => result.engineMs) / audioMs).toFixed(4)),
    gaps: sum((result) => result.gaps),
    punctuation: punctuationScore(results.map((result) => result.punctuation)),
  };
}

function byWay(results: readonly Result[]): Map<string, Result[]> {
  return Map.groupBy(results, ({ way }) => way);
}

/** For each known language and each way. */
function byLanguage(results: readonly Result[]): { language: string; results: Result[] }[] {
  const known = results.flatMap((result) => (result.language === undefined ? [] : [result.language]));
  return [...new Set(known)].map((language) => ({
    language,
    results: results.filter((result) => result.language === language),
  }));
}

export function figuresOf(results: readonly Result[]) {
  const sums = (of: readonly Result[]) => [...byWay(of)].map(([way, each]) => summaryOf(way, each));
  return {
    sum: sums(results),
    languages: byLanguage(results).flatMap(({ language, results: of }) =>
      sums(of).map((summary) => ({ language, ...summary })),
    ),
    files: results.map(({ file, language, way, errors, audioMs, wallMs, gaps, heard }) => ({
      file,
      ...(language === undefined ? {} : { language }),
      way,
      ...errors,
      wer: werOf(errors),
      seconds: Number((audioMs / 1_000).toFixed(2)),
      realTimeFactor: Number((wallMs / audioMs).toFixed(4)),
      gaps,
      heard,
    })),
  };
}

export function tableOf(results: readonly Result[]): BenchResult['table'] {
  const percent = (share: number | null) => (share === null ? '-' : `${formatNumber(share * 100)} %`);
  const line = (name: string, summary: ReturnType<typeof summaryOf>) => [
    name,
    summary.way,
    percent(summary.wer),
    `${summary.substitutions} / ${summary.insertions} / ${summary.deletions}`,
    String(summary.words),
    summary.realTimeFactor.toFixed(3),
    `${percent(summary.punctuation.precision)} / ${percent(summary.punctuation.recall)}`,
  ];
  const files = [...Map.groupBy(results, ({ file }) => file)];
  const worst = files.toSorted(([, a], [, b]) => worstWer(b) - worstWer(a)).slice(0, FILES_SHOWN);
  const shown = files.length > FILES_SHOWN ? worst : files;
  const rows = shown.flatMap(([file, each]) => each.map((result) => line(file, summaryOf(result.way, [result]))));
  const name = files.length > FILES_SHOWN ? `all ${files.length} (above: the worst ${FILES_SHOWN})` : 'all';
  for (const { language, results: of } of byLanguage(results)) {
    for (const [way, each] of byWay(of)) rows.push(line(language || NOBODY, summaryOf(way, each)));
  }
  for (const [way, each] of byWay(results)) rows.push(line(name, summaryOf(way, each)));
  return {
    columns: ['file', 'through', 'WER', 'sub / ins / del', 'words', 'x real time', 'punctuation P / R'],
    rows,
  };
}

function worstWer(results: readonly Result[]): number {
  return Math.max(...results.map(({ errors }) => werOf(errors)));
}
