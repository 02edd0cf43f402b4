import { DEFAULT_RECOGNITION_SETTINGS } from '@parley/media/asr';
import { type BenchResult, formatNumber } from '../report.js';
import { SetUp, type SetUpOptions } from '../SetUp.js';
import { delayed, type Speech } from '../speech/Speech.js';
import { withWordTimes } from '../speech/wordTimes.js';
import { type Performance, Stage } from './Stage.js';
import { countBrokenSeams, countCut, engineMsPerSecond, type LiveRow, scoreLive, wordErrors } from './score.js';

export interface LiveOptions extends SetUpOptions {
  /** Speakers at once; one row each. */
  speakers?: readonly number[];
  /** Length of each row, without the extra rows (sentences with a pause, monologues). Default: the whole meeting. */
  seconds?: number;
}

const SPEAKERS = [1, 2, 4, 8];
const SPEAKERS_WITHOUT_PAUSE = [1, 4];
/** Speakers beyond the third, or in monologues beyond the second, say the same, this much later. */
const LATER_MS = 3_700;
const PAUSE_SEEDS = [1, 5, 9];

/**
 * People who speak in real time, as samples, without a network: how soon words and finals arrive, how fresh interims are, how much work is
 * wasted. Then, unless `seconds` is set, sentences with a pause in the middle, and monologues.
 */
export async function benchLive(options: LiveOptions = {}): Promise<BenchResult> {
  const { speakers = SPEAKERS, seconds, ...rest } = options;
  const setUp = await SetUp.create(rest);
  try {
    const { settings, meeting } = setUp;
    const stage = new Stage(setUp);
    const tracks = await meeting.tracks();
    const measure = async (speeches: Speech[]) =>
      scoreLive(
        await timed(await stage.perform({ speeches, settings, ...(seconds === undefined ? {} : { seconds }) }), setUp),
      );
    const rows: LiveRow[] = [];
    for (const count of speakers) {
      console.error(`${count} ${count === 1 ? 'speaker' : 'speakers'} ...`);
      rows.push(await measure(speechesFor(count, tracks)));
    }
    const withoutPause: LiveRow[] = [];
    const monologues = seconds === undefined ? await meeting.monologues?.() : undefined;
    for (const count of monologues === undefined ? [] : SPEAKERS_WITHOUT_PAUSE) {
      console.error(`${count} without a pause ...`);
      withoutPause.push(await measure(speechesFor(count, monologues ?? [])));
    }
    const extras = seconds !== undefined ? undefined : await measureExtras({ stage, setUp });
    return {
      table: tableOf({ rows, withoutPause, extras }),
      figures: { ...setUp.figures, rows, withoutPause, ...extras },
    };
  } finally {
    await setUp.close();
  }
}

function speechesFor(count: number, tracks: readonly Speech[]): Speech[] {
  return Array.from({ length: count }, (_, index) => {
    const track = tracks[index % tracks.length] as Speech;
    const round = Math.floor(index / tracks.length);
    return round === 0 ? track : delayed(track, round * LATER_MS);
  });
}

/** With the times of words, from the recogniser itself if there are none. */
async function timed(performance: Performance, { recogniser, settings }: SetUp): Promise<Performance> {
  const { language, task } = settings;
  const played: Performance['played'] = [];
  for (const each of performance.played) {
    const speech = await withWordTimes({
      ...{ speech: each.speech, recognizer: recogniser.client },
      settings: { ...DEFAULT_RECOGNITION_SETTINGS, language: language === 'per-segment' ? 'auto' : language, task },
    });
    played.push({ ...each, speech });
  }
  return { ...performance, played };
}

/** Each is absent if it could not be measured. */
interface Extras {
  /** Share of the sentences with a pause of 300 to 450 ms that became more than one caption. */
  cutSentences?: { sentences: number; cut: number; share: number };
  monologue?: {
    seams: number;
    broken: number;
    wer: number;
    /** Engine milliseconds per second of speech, everything included. */
    engineMsPerSecond: number;
    /** The same for emitted texts, in the first, second and last third: it should not grow. */
    engineMsPerSecondByThird: number[];
  };
}

async function measureExtras({ stage, setUp }: { stage: Stage; setUp: SetUp }): Promise<Extras> {
  const { settings, meeting } = setUp;
  const extras: Extras = {};
  if (meeting.pausedSentences !== undefined) {
    let sentences = 0;
    let cut = 0;
    for (const seed of PAUSE_SEEDS) {
      console.error('sentences with a pause ...');
      const { played } = await stage.perform({ speeches: await meeting.pausedSentences(seed), settings });
      for (const each of played) {
        const counted = countCut(each);
        sentences += counted.utterances;
        cut += counted.cut;
      }
    }
    extras.cutSentences = { sentences, cut, share: Number((cut / sentences).toFixed(4)) };
  }
  if (meeting.monologues !== undefined) {
    console.error('monologues ...');
    extras.monologue = monologueOf(await stage.perform({ speeches: await meeting.monologues(), settings }));
  }
  return extras;
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

function tableOf(results: {
  rows: readonly LiveRow[];
  withoutPause: readonly LiveRow[];
  /** Undefined: not requested. */
  extras: Extras | undefined;
}): BenchResult['table'] {
  const { rows, withoutPause, extras } = results;
  const pair = ({ p50, p95 }: { p50: number | null; p95: number | null }) => `${p50 ?? '-'} / ${p95 ?? '-'}`;
  const lineOf = (row: LiveRow, note = '') => [
    `${row.speakers}${note}`,
    pair(row.vadEndToFinalMs),
    pair(row.speechEndToFinalMs),
    pair(row.speechStartToInterimMs),
    pair(row.wordToVisibleMs),
    pair(row.interimFreshnessMs),
    percent(row.discardedShare),
    String(row.drops),
    percent(row.wer),
    `${percent(row.cpuShare.pipelines)} / ${percent(row.cpuShare.recogniser)}`,
  ];
  const lines = [...rows.map((row) => lineOf(row)), ...withoutPause.map((row) => lineOf(row, ' without a pause'))];
  if (extras !== undefined) lines.push([cutLine(extras)], [monologueLine(extras)]);
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

function cutLine({ cutSentences }: Extras): string {
  if (cutSentences === undefined) return 'cut at a pause: not measured, there are no such sentences of these voices';
  const { cut, sentences, share } = cutSentences;
  return `cut at a pause: ${cut} of ${sentences} (${percent(share)})`;
}

function monologueLine({ monologue }: Extras): string {
  if (monologue === undefined) return 'monologues: not measured, there are none of these voices';
  const { broken, seams, wer, engineMsPerSecondByThird } = monologue;
  const thirds = engineMsPerSecondByThird.join(', ');
  return `monologues: ${broken} of ${seams} seams broken, WER ${percent(wer)}, engine ms a second by thirds: ${thirds}`;
}

function percent(share: number): string {
  return `${formatNumber(share * 100)} %`;
}
