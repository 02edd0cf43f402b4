import { resolveSpeechSettings } from '@parley/media/settings';
import type { Percentiles } from '../percentile.js';
import { type BenchResult, formatNumber } from '../report.js';
import { SetUp, type SetUpFigures, type SetUpOptions } from '../SetUp.js';
import { builtInScenarios } from './builtInScenarios.js';
import { type Metrics, metricsOf, replay, sumOf } from './measure.js';
import { identicalOutputs, type Method, parleyMethod, rawInterims } from './methods.js';
import { recordScenarios } from './recordScenarios.js';
import { loadScenarios, type Scenario } from './scenario.js';
import { slowScenarios } from './slowScenarios.js';

const RECORDED = new URL('../../fixtures/stabilizerRecorded.json', import.meta.url);
const IDENTICAL = 2;
const DEFAULT_MODE = 'balanced';

type MethodName = 'parley' | 'rawInterims' | 'identicalOutputs';

export interface StabilizerOptions extends SetUpOptions {
  /** A file of recorded hypotheses. */
  scenarios?: string | URL;
}

/** For scenarios, each and all together. */
interface Judged {
  scenarios: ({ name: string; category: string } & Record<MethodName, Metrics>)[];
  sum: Record<MethodName, Metrics>;
}

/** As in the JSON file. */
export interface StabilizerFigures extends Judged, Record<string, unknown> {
  /** Rare hypotheses without word times; absent if scenarios were given or recorded now. */
  slow?: Judged;
}

/**
 * Replays the answers of a recogniser during speech through our stabilizer and two simpler methods, all in the same run: what is shown,
 * what is settled, how soon, and how much of it is taken back. Without a file and a model: one scenario for each kind of trouble, and the
 * built-in model's answers to the synthetic meeting. With a model, or a meeting: its answers now.
 */
export async function benchStabilizer(options: StabilizerOptions = {}): Promise<BenchResult<StabilizerFigures>> {
  const { scenarios, about } = await scenariosOf(options);
  const { stabilityAgreement, stabilityMs } = resolveSpeechSettings(options.mode ?? DEFAULT_MODE);
  const methods: Record<MethodName, () => Method> = {
    parley: () => parleyMethod({ agreement: stabilityAgreement, stabilityMs }),
    rawInterims,
    identicalOutputs: () => identicalOutputs(IDENTICAL),
  };
  const { rows, ...judged } = judge({ scenarios, methods, what: 'all' });
  const recordedNow = options.scenarios !== undefined || options.model !== undefined || options.meeting !== undefined;
  const slow = recordedNow ? undefined : judge({ scenarios: slowScenarios(), methods, what: 'slow, all' });
  return {
    table: {
      columns: [
        'what',
        'settled',
        'false',
        'coverage',
        'latency p50 / p95 ms of audio',
        'to the answer',
        'taken back',
        'revisions',
        'partial WER',
      ],
      rows: [...(slow?.rows ?? []), ...rows],
    },
    figures: {
      ...about,
      ...judged,
      ...(slow === undefined ? {} : { slow: { scenarios: slow.scenarios, sum: slow.sum } }),
    },
  };
}

/** Runs scenarios through all methods; a row of the table for each category of ours and for each method. */
function judge(options: {
  scenarios: readonly Scenario[];
  methods: Record<MethodName, () => Method>;
  what: string;
}): Judged & { rows: string[][] } {
  const { scenarios, methods, what } = options;
  const names = Object.keys(methods) as MethodName[];
  const tallies = scenarios.map((scenario) => ({
    scenario,
    of: byName(names, (name) => replay(scenario, methods[name]())),
  }));
  const sum = byName(names, (name) => metricsOf(sumOf(tallies.map(({ of }) => of[name]))));
  const categories = [...new Set(scenarios.map(({ category }) => category))];
  const rows = categories.map((category) => {
    const parts = tallies.filter((tally) => tally.scenario.category === category).map(({ of }) => of.parley);
    return rowOf(`Parley: ${category}`, metricsOf(sumOf(parts)));
  });
  return {
    scenarios: tallies.map(({ scenario: { name, category }, of }) => ({
      name,
      category,
      ...byName(names, (each) => metricsOf(of[each])),
    })),
    sum,
    rows: [
      ...rows,
      rowOf(`Parley, ${what}`, sum.parley),
      rowOf(`raw interims, ${what}`, sum.rawInterims),
      rowOf(`${IDENTICAL} identical outputs, ${what}`, sum.identicalOutputs),
    ],
  };
}

async function scenariosOf(
  options: StabilizerOptions,
): Promise<{ scenarios: Scenario[]; about: Partial<SetUpFigures> & { leftOut?: number } }> {
  const { scenarios: file, ...rest } = options;
  const live = rest.model !== undefined || rest.meeting !== undefined;
  if (file !== undefined && live) {
    throw new Error('--scenarios are recorded already: they take neither --model nor --meeting.');
  }
  if (file !== undefined) return { scenarios: await loadScenarios(file), about: {} };
  if (!live) {
    const about = { model: 'parley-nano', meeting: 'synthetic', mode: options.mode ?? DEFAULT_MODE };
    return { scenarios: [...builtInScenarios(), ...(await loadScenarios(RECORDED))], about };
  }
  const setUp = await SetUp.create(rest);
  try {
    const { settings, longestWindowMs, reading, voiceActivity, recogniser, meeting } = setUp;
    const how = { settings, longestWindowMs, reading, voiceActivity, recognizer: recogniser.client };
    const scenarios: Scenario[] = [];
    let leftOut = 0;
    for (const [index, speech] of (await meeting.tracks()).entries()) {
      console.error(`track ${index + 1} ...`);
      const recorded = await recordScenarios({ ...how, speech, name: `track ${index + 1}` });
      scenarios.push(...recorded.scenarios);
      leftOut += recorded.leftOut;
    }
    if (scenarios.length === 0) throw new Error('No caption had interims whose words are known: nothing to replay.');
    if (leftOut > 0) console.error(`left out, their words or interims are not known: ${leftOut} captions`);
    return { scenarios, about: { ...setUp.figures, leftOut } };
  } finally {
    await setUp.close();
  }
}

function byName<T>(names: readonly MethodName[], make: (name: MethodName) => T): Record<MethodName, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<MethodName, T>;
}

function rowOf(what: string, metrics: Metrics): string[] {
  const pair = ({ p50, p95 }: Percentiles) => `${p50 ?? '-'} / ${p95 ?? '-'}`;
  const percent = (share: number | null) => (share === null ? '-' : `${formatNumber(share * 100)} %`);
  return [
    what,
    String(metrics.committedWords),
    `${metrics.falseCommits} (${percent(metrics.falseCommitRate)})`,
    percent(metrics.coverage),
    pair(metrics.commitLatencyMs),
    pair(metrics.commitAnsweredMs),
    `${metrics.erasedVisibleWords} (${percent(metrics.erasedRate)})`,
    String(metrics.visibleRevisions),
    percent(metrics.partialWer),
  ];
}
