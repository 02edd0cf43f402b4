import type { LoadLimits } from './load.js';

/** When finals are given up because they come too late, see `Scheduler`. */
export interface SheddingLimits {
  /** This many finals may wait as long as their deadlines allow. */
  keptFinals: number;
  /** If more wait, and one of them for longer than this, the device is overloaded. */
  longestWaitMs: number;
  /** From then on, until no more than `keptFinals` wait, none waits longer than this. */
  waitWhileSheddingMs: number;
}

/** Times and bounds of a device. */
export interface DispatcherLimits {
  /** A job may run for at least this long before it counts as endless ... */
  shortestBudgetMs: number;
  /** ... or for this multiple of its estimate, but never past its deadline. */
  budgetFactor: number;
  /** A job that still runs this long after it was stopped is stuck, and the process has to end. */
  stuckJobMs: number;
  /** After this many failures of one engine in a row, the device is lost. */
  failuresInARow: number;
  /** Total number of finals that may wait. */
  waitingFinals: number;
  /** See `SheddingLimits`; `keptFinals` default: 4 for each job that runs at a time, at least 16. */
  shedding: Partial<SheddingLimits>;
  load: Partial<LoadLimits>;
}

/** Times and bounds of an ASR process. */
export interface AsrServerLimits extends DispatcherLimits {
  /** Bytes of answers that may wait for a client to read them; beyond that, its connection is closed. */
  clientBacklogBytes: number;
}
