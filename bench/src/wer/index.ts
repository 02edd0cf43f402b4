import {
  inabilitiesOf,
  MODES,
  type ModeName,
  resolveSpeechSettings,
  type SpeechSettings,
  VoiceActivityModel,
} from '@parley/media';
import { comparableWords } from '@parley/media/testing';
import { meetingTracks } from '../live/speech.js';
import { RecogniserProcess } from '../RecogniserProcess.js';
import { type BenchResult, formatNumber } from '../report.js';
import { throughBareEngine } from './bareEngine.js';
import { countErrors, sumErrors, type WordErrors, werOf } from './countErrors.js';
import { readDataset } from './dataset.js';
import { OpusEncoder } from './OpusEncoder.js';
import { countPunctuation, type PunctuationCounts, punctuationScore } from './punctuation.js';
import { readAudio } from './readAudio.js';
import { type Heard, LEAD_MS, lostPackets, throughPipeline } from './throughPipeline.js';

export interface WerOptions {
  /** A folder of recordings with transcripts; default: the three tracks of the scripted meeting. */
  data?: string;
  /** A name of the catalogue or a file; default: the built-in one. */
  model?: string;
  mode?: ModeName;
  /** ISO 639-1; default: as the mode has it. */
  language?: string;
  /** Shares of packets that the network loses, percent; one run through the pipeline each. */
  lossPercents?: readonly number[];
}

const SAMPLES_PER_MS = 16;
const BARE = 'bare engine';
/** The table has the worst of them; the figures have all. */
const FILES_SHOWN = 40;

interface Recording {
  name: string;
  text: string;
  read: () => Promise<Int16Array>;
}

/** One recording's way through the pipeline or the bare engine. */
interface Result {
  file: string;
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
 * model, same run: word errors of each recording and of all. Time stands still while the recogniser works, so that the
 * figures do not depend on the machine.
 */
export async function benchWer(options: WerOptions = {}): Promise<BenchResult> {
  const mode = options.mode ?? 'balanced';
  if (!(mode in MODES)) throw new Error(`There is no mode "${mode}". There are: ${Object.keys(MODES).join(', ')}`);
  const { language } = options;
  const settings = resolveSpeechSettings(mode, language === undefined ? {} : { language });
  const { recordings, unmatched } = await recordingsOf(options.data);
  for (const name of unmatched) console.error(`left out, recording or transcript is missing: ${name}`);
  const studio = await Studio.open({ settings, ...(options.model === undefined ? {} : { model: options.model }) });
  try {
    const losses = options.lossPercents ?? [0];
    const results: Result[] = [];
    for (const [index, recording] of recordings.entries()) {
      console.error(`${index + 1} of ${recordings.length}: ${recording.name}`);
      results.push(...(await studio.listen({ recording, seed: index + 1, losses })));
    }
    return { table: tableOf(results), figures: figuresOf({ results, unmatched, mode, model: studio.modelName }) };
  } finally {
    await studio.close();
  }
}

async function recordingsOf(folder: string | undefined): Promise<{ recordings: Recording[]; unmatched: string[] }> {
  if (folder === undefined) {
    const recordings = meetingTracks().map(({ pcm, words }, index) => ({
      name: `meeting, track ${index + 1}`,
      text: words.map(({ text }) => text).join(' '),
      read: () => Promise.resolve(pcm),
    }));
    return { recordings, unmatched: [] };
  }
  const { items, unmatched } = await readDataset(folder);
  if (items.length === 0) {
    throw new Error(
      `There is no recording with a transcript in ${folder}: name.wav beside name.txt, or the layout of LibriSpeech.`,
    );
  }
  const recordings = items.map(({ name, text, audioFile }) => ({ name, text, read: () => readAudio(audioFile) }));
  return { recordings, unmatched };
}

/** What all recordings go through. */
class Studio {
  readonly #recogniser: RecogniserProcess;
  readonly #voiceActivity: VoiceActivityModel;
  readonly #encoder = new OpusEncoder();
  readonly #settings: SpeechSettings;

  private constructor(parts: {
    recogniser: RecogniserProcess;
    voiceActivity: VoiceActivityModel;
    settings: SpeechSettings;
  }) {
    this.#recogniser = parts.recogniser;
    this.#voiceActivity = parts.voiceActivity;
    this.#settings = parts.settings;
  }

  static async open(options: { model?: string; settings: SpeechSettings }): Promise<Studio> {
    const voiceActivity = await VoiceActivityModel.create();
    const recogniser = await RecogniserProcess.start(options);
    const [inability] = inabilitiesOf(recogniser.model.profile, options.settings);
    if (inability !== undefined) {
      await recogniser.close();
      throw new Error(inability.sentence);
    }
    return new Studio({
      voiceActivity,
      recogniser,
      settings: options.settings,
    });
  }

  get modelName(): string {
    return this.#recogniser.model.profile.name;
  }

  async listen(options: { recording: Recording; seed: number; losses: readonly number[] }): Promise<Result[]> {
    const { recording, seed, losses } = options;
    const pcm = await recording.read();
    const { client, model } = this.#recogniser;
    const { longestWindowMs } = model.profile;
    const measure = (way: string, work: () => Promise<Heard>) => measured({ recording, pcm, way, work });
    const { language, task, beamSize, temperatureFallback } = this.#settings;
    const results = [
      await measure(BARE, () =>
        throughBareEngine({
          pcm,
          recognizer: client,
          settings: { language, task, beamSize, temperatureFallback },
          longestWindowMs,
        }),
      ),
    ];
    for (const lossPercent of losses) {
      const packets = this.#encoder.encode(withSilence(pcm), { lossPercent });
      const lost = lostPackets(packets.length, { lossPercent, seed });
      const run = { packets, lost, settings: this.#settings, recognizer: client, longestWindowMs };
      results.push(
        await measure(wayOf(lossPercent), () => throughPipeline({ ...run, voiceActivity: this.#voiceActivity })),
      );
    }
    return results;
  }

  async close(): Promise<void> {
    this.#encoder.close();
    await this.#recogniser.close();
    await this.#voiceActivity.close();
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

function figuresOf(options: { results: readonly Result[]; unmatched: string[]; mode: string; model: string }) {
  const { results, unmatched, mode, model } = options;
  return {
    mode,
    model,
    unmatched,
    sum: [...byWay(results)].map(([way, each]) => summaryOf(way, each)),
    files: results.map(({ file, way, errors, audioMs, wallMs, gaps, heard }) => ({
      file,
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

function tableOf(results: readonly Result[]): BenchResult['table'] {
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
  for (const [way, each] of byWay(results)) rows.push(line(name, summaryOf(way, each)));
  return {
    columns: ['file', 'through', 'WER', 'sub / ins / del', 'words', 'x real time', 'punctuation P / R'],
    rows,
  };
}

function worstWer(results: readonly Result[]): number {
  return Math.max(...results.map(({ errors }) => werOf(errors)));
}
