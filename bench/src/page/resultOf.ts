import { type FirstLoad, type LongTranscript, PAGE_BUDGET } from '@parley/demo';
import { percentiles } from '../percentile.js';
import { type BenchResult, formatNumber } from '../report.js';

const KIB = 1_024;

/** The most bytes and requests of all loads; their times as median and worst. */
export function resultOf(options: { firstLoads: readonly FirstLoad[]; transcript: LongTranscript }): BenchResult {
  const { firstLoads, transcript } = options;
  const interactive = firstLoads.map(({ interactiveMs }) => interactiveMs);
  const transferredBytes = Math.max(...firstLoads.map((load) => load.transferredBytes));
  const requests = Math.max(...firstLoads.map((load) => load.requests));
  const interactiveMs = { p50: percentiles(interactive).p50, max: Math.round(Math.max(...interactive)) };
  const { longestTaskMs, catchUpMs, frameMs, segments, updates } = transcript;
  const longTask = (ms: number) => (ms === 0 ? 'none of 50 ms' : `${Math.round(ms)} ms`);
  const budget = PAGE_BUDGET;
  return {
    table: {
      columns: ['what', 'measured', 'budget'],
      rows: [
        [
          `first load, ${requests} requests`,
          `${Math.round(transferredBytes / KIB)} KiB`,
          `${budget.firstLoadBytes / KIB} KiB`,
        ],
        [
          `first load, interactive, p50 / worst of ${firstLoads.length}`,
          `${interactiveMs.p50} / ${interactiveMs.max} ms`,
          `${budget.interactiveMs} ms`,
        ],
        [`${segments} entries, join to newest entry`, `${Math.round(catchUpMs)} ms`, ''],
        ['longest task meanwhile', longTask(longestTaskMs.catchUp), `${budget.longTaskMs} ms`],
        [
          `longest task while scrolled, ${updates.scroll} updates`,
          longTask(longestTaskMs.scroll),
          `${budget.longTaskMs} ms`,
        ],
        [
          'between frames while scrolled, p50 / p95',
          `${formatNumber(frameMs.p50)} / ${formatNumber(frameMs.p95)} ms`,
          '',
        ],
        [
          `longest task while read along, ${updates.update} updates`,
          longTask(longestTaskMs.update),
          `${budget.longTaskMs} ms`,
        ],
      ],
    },
    figures: { firstLoad: { requests, transferredBytes, interactiveMs }, longTranscript: transcript, budget },
  };
}
