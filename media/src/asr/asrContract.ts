import type { SpeechEngineInfo } from '@parley/native';
import type { AsrServerLimits, AsrServerStats } from './AsrServer.js';
import type { ModelProfile } from './types.js';

/** What the server process and an ASR process say to each other. Audio and text never take this way. */
export interface AsrContract {
  init: AsrInit;
  ready: { info: SpeechEngineInfo; lanes: number; threadsPerLane: number; loadMs: number };
  toChild: never;
  toParent: { type: 'fatal'; reason: string } | { type: 'stats'; stats: AsrProcessStats };
  requests: object;
}

export interface AsrInit {
  modelPath: string;
  profile: ModelProfile;
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
