import type { SpeechEngineInfo } from '@parley/native';
import type { EngineChoice, ModelProfile } from '../../settings/modelProfile.js';
import type { RecognizerCapabilities } from './capabilities.js';
import type { Load } from './load.js';
import type { RecognitionKind } from './recognition.js';
import type { AsrServerLimits } from './serverLimits.js';
import type { AsrProcessStats } from './serverStats.js';

/** Messages between the server process and an ASR process. Audio and text never go this way. */
export interface AsrContract {
  init: AsrInit;
  ready: {
    info: SpeechEngineInfo;
    capabilities: RecognizerCapabilities;
    /** Interims have their own engine. */
    interimEngine: boolean;
    /** Why they do not have one, although they should. */
    interimFailure?: string;
    plan: JobPlan;
    /** Engine time of a request of each kind with 4 s of speech; 0 = unknown. */
    usualMs: Record<RecognitionKind, number>;
    /** Why ONNX Runtime does not encode although it should. */
    encoderFailure?: string;
    loadMs: number;
  };
  toChild: never;
  toParent:
    | { type: 'fatal'; reason: string }
    | { type: 'encoderFailed'; reason: string }
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
  /** For interims; absent: they use `model`, too. */
  interimModel?: AsrModel;
  device: 'auto' | 'cpu' | 'cuda';
  engine: EngineChoice;
  /** Where graphs of encoders are kept; absent: whisper.cpp's own encoder is used. */
  encoderDirectory?: string;
  /** Absent: chosen by device and cores, see `planJobs`. */
  lanes?: number;
  threadsPerLane?: number;
  socketPath: string;
  limits?: Partial<AsrServerLimits>;
}

/** How the jobs of an engine share their device. */
export interface JobPlan {
  /** Jobs at a time. If there are several, one is kept for finals. */
  jobs: number;
  /** Most threads of one job. */
  threadsPerJob: number;
  /** Threads of all jobs together; a final may exceed it if interims use them all. */
  cores: number;
}
