import type { LoadLevel } from './load.js';
import type { RecognitionErrorCode, RecognitionKind } from './recognition.js';

export interface Quantiles {
  p50: number;
  p99: number;
  max: number;
}

/** Why a job left the queue without having been started. */
export type DropReason =
  /** A newer interim of the same speaker, or its final, took its place. */
  | 'superseded'
  /** Its deadline leaves no time. */
  | 'deadline'
  /** As many were waiting as may wait. */
  | 'queueFull'
  /** A final that had waited too long while too many waited. */
  | 'tooOld'
  /** An interim while the device takes none. */
  | 'noInterims';

/** Why a request was not answered: it left the queue, or its engine time was for nothing. */
export type DropCause = DropReason | 'cancelled' | 'tooLong';

export interface DispatcherStats {
  waitingFinals: number;
  waitingInterims: number;
  running: number;
  oldestWaitMs: number;
  load: LoadLevel;
  /** Since the start. */
  answered: number;
  /** Since the start, by what their senders were told. */
  rejected: Partial<Record<RecognitionErrorCode, number>>;
  /** Since the start, by cause; those that their senders gave up are `cancelled`. */
  dropped: Partial<Record<DropCause, number>>;
  /** Time in the queue of the last 512 jobs of each kind that left it, whatever became of them. */
  queueAgeMs: Record<RecognitionKind, Quantiles>;
  /** Engine time since the start, of all jobs together. */
  engineMs: number;
  /** Its part that led to no answer: cancelled, preempted or late. */
  discardedEngineMs: number;
}

export interface AsrServerStats extends DispatcherStats {
  connections: number;
  /** Closed because the client broke the protocol. */
  brokenConnections: number;
}

export interface AsrProcessStats extends AsrServerStats {
  rssBytes: number;
}
