import { resolveSpeechSettings } from '@parley/media';
import type { Percentiles } from '../percentile.js';
import { type BenchResult, formatNumber } from '../report.js';
import { builtInScenarios } from './builtInScenarios.js';
import { type Metrics, metricsOf, replay, sumOf } from './measure.js';
import { identicalOutputs, type Method, parleyMethod, rawInterims } from './methods.js';
import { loadScenarios } from './scenario.js';

const RECORDED = new URL('../../fixtures/stabilizerRecorded.json', import.meta.url);
const IDENTICAL = 2;

type MethodName = 'parley' | 'rawInterims' | 'identicalOutputs';

/** As they stand in the JSON file. */
export interface StabilizerFigures extends Record<string, unknown> {
  scenarios: ({ name: string; category: string } & Record<MethodName, Metrics>)[];
  /** Of all scenarios together. */
  sum: Record<MethodName, Metrics>;
}

/**
 * Replays what a recogniser answered while somebody spoke, through our stabilizer and through two simpler methods, all in the
 * same run: what is shown, what is settled, how soon, and how much of it is taken back. Without a file: one scenario of each kind
 * of trouble, and what the built-in model answered during the scripted meeting.
 */
export async function benchStabilizer(
  options: { scenarios?: string | URL } = {},
): Promise<BenchResult<StabilizerFigures>> {
  const scenarios =
    options.scenarios === undefined
      ? [...builtInScenarios(), ...(await loadScenarios(RECORDED))]
      : await loadScenarios(options.scenarios);
  const { stabilityAgreement, stabilityMs } = resolveSpeechSettings('balanced');
  const methods: Record<MethodName, () => Method> = {
    parley: () => parleyMethod({ agreement: stabilityAgreement, stabilityMs }),
    rawInterims,
    identicalOutputs: () => identicalOutputs(IDENTICAL),
  };
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
      rows: [
        ...rows,
        rowOf('Parley, all', sum.parley),
        rowOf('raw interims, all', sum.rawInterims),
        rowOf(`${IDENTICAL} identical outputs, all`, sum.identicalOutputs),
      ],
    },
    figures: {
      scenarios: tallies.map(({ scenario: { name, category }, of }) => ({
        name,
        category,
        ...byName(names, (each) => metricsOf(of[each])),
      })),
      sum,
    },
  };
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
