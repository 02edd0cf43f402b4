import type { LoadLevel } from './load.js';
import type { RecognitionErrorCode, RecognitionKind } from './recognition.js';

export interface Quantiles {
  p50: number;
  p99: number;
  max: number;
}

/** Why a job left the queue without having been started. */
export type DropReason =
  /** A newer interim of the same speaker, or its final, replaced it. */
  | 'superseded'
  /** Its deadline left too little time. */
  | 'deadline'
  /** The queue was full. */
  | 'queueFull'
  /** A final that had waited too long while too many were waiting. */
  | 'tooOld'
  /** An interim while the device makes none. */
  | 'noInterims';

/** Why a request was not answered: it left the queue, or its engine time was wasted. */
export type DropCause = DropReason | 'cancelled' | 'tooLong';

export interface DispatcherStats {
  waitingFinals: number;
  waitingInterims: number;
  running: number;
  oldestWaitMs: number;
  load: LoadLevel;
  /** Since the start. */
  answered: number;
  /** Since the start, by the error that was sent. */
  rejected: Partial<Record<RecognitionErrorCode, number>>;
  /** Since the start, by cause; requests that their senders gave up are `cancelled`. */
  dropped: Partial<Record<DropCause, number>>;
  /** Time in the queue of the last 512 jobs of each kind that left it, for whatever reason. */
  queueAgeMs: Record<RecognitionKind, Quantiles>;
  /** Engine time of all jobs since the start. */
  engineMs: number;
  /** The part of it that gave no answer: cancelled, preempted or late. */
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
