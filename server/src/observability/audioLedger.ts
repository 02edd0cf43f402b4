import type { AudioLedger } from '@parley/client-sdk/protocol';

type LedgerClass = Exclude<keyof AudioLedger, 'shedMs' | 'rejectedMs'>;

const CLASSES = [
  'totalMs',
  'mutedMs',
  'dtxMs',
  'concealedMs',
  'nonSpeechMs',
  'crosstalkMs',
  'pendingMs',
  'transcribedMs',
] as const satisfies readonly LedgerClass[];

/** The ledger of a track without audio. */
export function emptyLedger(): AudioLedger {
  return {
    totalMs: 0,
    mutedMs: 0,
    dtxMs: 0,
    concealedMs: 0,
    nonSpeechMs: 0,
    crosstalkMs: 0,
    pendingMs: 0,
    transcribedMs: 0,
    shedMs: {},
  };
}

/** `a` + `factor` * `b`. Exact: all values are multiples of 1/16. */
export function combine(options: { a: AudioLedger; b: AudioLedger; factor: 1 | -1 }): AudioLedger {
  const { a, b, factor } = options;
  const sum = emptyLedger();
  for (const name of CLASSES) sum[name] = a[name] + factor * b[name];
  sum.shedMs = combineByReason({ a: a.shedMs, b: b.shedMs, factor });
  if (a.rejectedMs !== undefined || b.rejectedMs !== undefined) {
    sum.rejectedMs = combineByReason({ a: a.rejectedMs ?? {}, b: b.rejectedMs ?? {}, factor });
  }
  return sum;
}

function combineByReason<Sums extends Record<string, number>>(options: { a: Sums; b: Sums; factor: 1 | -1 }): Sums {
  const { a, b, factor } = options;
  const reasons = Object.keys({ ...a, ...b });
  return Object.fromEntries(reasons.map((each) => [each, (a[each] ?? 0) + factor * (b[each] ?? 0)])) as Sums;
}

/** Whether every millisecond is in exactly one class. */
export function isBalanced(ledger: AudioLedger): boolean {
  let classed = 0;
  for (const name of CLASSES) if (name !== 'totalMs') classed += ledger[name];
  for (const value of Object.values(ledger.shedMs)) classed += value;
  for (const value of Object.values(ledger.rejectedMs ?? {})) classed += value;
  return classed === ledger.totalMs;
}
