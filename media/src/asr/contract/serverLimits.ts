import type { LoadLimits } from './load.js';

/** When finals are given up that nobody waits for any more, see `Scheduler`. */
export interface SheddingLimits {
  /** So many finals may wait for as long as their deadlines allow. */
  keptFinals: number;
  /** More than that, and one of them for longer than this: the device has more to do than it can. */
  longestWaitMs: number;
  /** From then on, until no more than `keptFinals` wait, none waits longer than this. */
  waitWhileSheddingMs: number;
}

/** Times and bounds of a device. */
export interface DispatcherLimits {
  /** A job runs for this much at least before it counts as one that will not end ... */
  shortestBudgetMs: number;
  /** ... else for so many times its estimate, and never past its deadline. */
  budgetFactor: number;
  /** A job that goes on for so long after it was stopped is stuck: the process cannot go on. */
  stuckJobMs: number;
  /** So many failures of one engine without a success between them: the device is lost. */
  failuresInARow: number;
  /** Finals that may wait in all. */
  waitingFinals: number;
  /** See `SheddingLimits`; `keptFinals` default: 4 for each job at a time, 16 at least. */
  shedding: Partial<SheddingLimits>;
  load: Partial<LoadLimits>;
}

/** Times and bounds of an ASR process. */
export interface AsrServerLimits extends DispatcherLimits {
  /** Answers that may wait for a client to read them; more, and its connection is closed. */
  clientBacklogBytes: number;
}
