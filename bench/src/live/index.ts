import { MODES, type ModeName, resolveSpeechSettings } from '@parley/media';
import { type BenchResult, formatNumber } from '../report.js';
import { type Performance, Stage } from './Stage.js';
import { countBrokenSeams, countCut, engineMsPerSecond, type LiveRow, scoreLive, wordErrors } from './score.js';
import { delayed, meetingTracks, monologues, pausedSentences, type Speech } from './speech.js';

export interface LiveOptions {
  /** Speakers at once; one row each. */
  speakers?: readonly number[];
  /** Of each row, and then rows are all: no sentences with a pause, no monologues. Default: the whole meeting, 87 s. */
  seconds?: number;
  mode?: ModeName;
}

const SPEAKERS = [1, 2, 4, 8];
/** Speakers beyond the third say the same, later. */
const LATER_MS = 3_700;
const PAUSE_SEEDS = [1, 5, 9];

/**
 * People who speak at the pace of life, as samples, without a network: how soon words and finals are there, how fresh interims are,
 * how much work is thrown away. Then, unless it is cut short, sentences with a pause in the middle, and monologues.
 */
export async function benchLive(options: LiveOptions = {}): Promise<BenchResult> {
  const mode = options.mode ?? 'balanced';
  if (!(mode in MODES)) throw new Error(`There is no mode "${mode}". There are: ${Object.keys(MODES).join(', ')}`);
  const settings = resolveSpeechSettings(mode);
  const stage = await Stage.create();
  try {
    const rows: LiveRow[] = [];
    for (const count of options.speakers ?? SPEAKERS) {
      console.error(`${count} ${count === 1 ? 'speaker' : 'speakers'} ...`);
      const { seconds } = options;
      const speeches = speechesFor(count);
      rows.push(scoreLive(await stage.perform({ speeches, settings, ...(seconds === undefined ? {} : { seconds }) })));
    }
    const extra = options.seconds !== undefined ? {} : await measureExtras({ stage, settings });
    return { table: tableOf(rows, extra), figures: { mode, model: stage.modelName, rows, ...extra } };
  } finally {
    await stage.close();
  }
}

function speechesFor(count: number): Speech[] {
  const tracks = meetingTracks();
  return Array.from({ length: count }, (_, index) => {
    const track = tracks[index % tracks.length] as Speech;
    const round = Math.floor(index / tracks.length);
    return round === 0 ? track : delayed(track, round * LATER_MS);
  });
}

interface Extras {
  /** Share of the sentences with a pause of 300 to 450 ms that became more than one caption. */
  cutSentences?: { sentences: number; cut: number; share: number };
  monologue?: {
    seams: number;
    broken: number;
    wer: number;
    /** Engine milliseconds for a second of speech, everything included. */
    engineMsPerSecond: number;
    /** The same of the texts that were told, in the first, second and last third: it does not grow. */
    engineMsPerSecondByThird: number[];
  };
}

async function measureExtras(options: {
  stage: Stage;
  settings: ReturnType<typeof resolveSpeechSettings>;
}): Promise<Extras> {
  const { stage, settings } = options;
  let sentences = 0;
  let cut = 0;
  for (const seed of PAUSE_SEEDS) {
    console.error('sentences with a pause ...');
    const { played } = await stage.perform({ speeches: pausedSentences(seed), settings });
    for (const each of played) {
      const counted = countCut(each);
      sentences += counted.utterances;
      cut += counted.cut;
    }
  }
  console.error('monologues ...');
  const monologue = await stage.perform({ speeches: monologues(), settings });
  return {
    cutSentences: { sentences, cut, share: Number((cut / sentences).toFixed(4)) },
    monologue: monologueOf(monologue),
  };
}

function monologueOf(performance: Performance): NonNullable<Extras['monologue']> {
  const seams = performance.played.map(countBrokenSeams);
  const errors = performance.played.map(wordErrors);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return {
    seams: sum(seams.map((each) => each.seams)),
    broken: sum(seams.map((each) => each.broken)),
    wer: Number((sum(errors.map((each) => each.edits)) / sum(errors.map((each) => each.words))).toFixed(4)),
    engineMsPerSecond: Math.round(performance.engineMs / (performance.seconds * performance.played.length)),
    engineMsPerSecondByThird: engineMsPerSecond({ performance, parts: 3 }),
  };
}

function tableOf(rows: readonly LiveRow[], extras: Extras): BenchResult['table'] {
  const pair = ({ p50, p95 }: { p50: number | null; p95: number | null }) => `${p50 ?? '-'} / ${p95 ?? '-'}`;
  const percent = (share: number) => `${formatNumber(share * 100)} %`;
  const lines = rows.map((row) => [
    String(row.speakers),
    pair(row.vadEndToFinalMs),
    pair(row.speechEndToFinalMs),
    pair(row.speechStartToInterimMs),
    pair(row.wordToVisibleMs),
    pair(row.interimFreshnessMs),
    percent(row.discardedShare),
    String(row.drops),
    percent(row.wer),
    `${percent(row.cpuShare.pipelines)} / ${percent(row.cpuShare.recogniser)}`,
  ]);
  if (extras.cutSentences !== undefined) {
    const { cut, sentences, share } = extras.cutSentences;
    lines.push([`cut at a pause: ${cut} of ${sentences} (${percent(share)})`]);
  }
  if (extras.monologue !== undefined) {
    const { broken, seams, wer } = extras.monologue;
    const thirds = extras.monologue.engineMsPerSecondByThird.join(', ');
    lines.push([
      `monologues: ${broken} of ${seams} seams broken, WER ${percent(wer)}, engine ms a second by thirds: ${thirds}`,
    ]);
  }
  return {
    columns: [
      'speakers',
      'VAD end -> final p50 / p95 ms',
      'speech end -> final',
      'speech start -> text',
      'word -> visible',
      'interim freshness',
      'discarded',
      'drops',
      'WER',
      'CPU pipelines / recogniser',
    ],
    rows: lines,
  };
}
