import type { SpeechEngineInfo } from '@parley/native';
import type { AsrServerLimits, AsrServerStats } from './AsrServer.js';
import type { Load, ModelProfile } from './types.js';

/** What the server process and an ASR process say to each other. Audio and text never take this way. */
export interface AsrContract {
  init: AsrInit;
  ready: {
    info: SpeechEngineInfo;
    /** Interims have their own engine. */
    interimEngine: boolean;
    /** Why they have not, although they were to. */
    interimFailure?: string;
    lanes: number;
    threadsPerLane: number;
    loadMs: number;
  };
  toChild: never;
  toParent:
    | { type: 'fatal'; reason: string }
    | { type: 'stats'; stats: AsrProcessStats }
    | { type: 'load'; load: Load };
  requests: object;
}

export interface AsrModel {
  path: string;
  profile: ModelProfile;
}

export interface AsrInit {
  model: AsrModel;
  /** For interims; absent: they take `model` too. */
  interimModel?: AsrModel;
  device: 'auto' | 'cpu' | 'cuda';
  /** Absent: chosen by device and cores, see `lanesFor`. */
  lanes?: number;
  threadsPerLane?: number;
  socketPath: string;
  limits?: Partial<AsrServerLimits>;
}

export interface AsrProcessStats extends AsrServerStats {
  rssBytes: number;
}
