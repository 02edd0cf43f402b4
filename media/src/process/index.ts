export { childEnvironment } from './childEnvironment.js';
export { type ChildAccount, type ChildLauncher, childLauncher, runLaunched } from './childLauncher.js';
export { type Clock, monotonicNowMs } from './clock.js';
export { CLOSE_TIMES } from './closeTimes.js';
export { Emitter } from './Emitter.js';
export { LineSplitter, MAX_LOG_LINE_LENGTH } from './LineSplitter.js';
export { PendingRequests } from './PendingRequests.js';
export {
  type MethodOf,
  type ProcessContract,
  ProcessError,
  type ProcessErrorCode,
  type RequestOf,
  type ResponseOf,
} from './processMessages.js';
export { DEFAULT_RESTART_LIMITS, type RestartDecision, type RestartLimits, RestartPolicy } from './RestartPolicy.js';
export {
  type ChildLink,
  PermanentInitError,
  type RequestHandlers,
  type RunChildOptions,
  runChild,
} from './runChild.js';
export {
  type ChildLogger,
  DEFAULT_SUPERVISION_LIMITS,
  SupervisedProcess,
  type SupervisedProcessEvents,
  type SupervisedProcessOptions,
  type SupervisedState,
  type SupervisionLimits,
} from './SupervisedProcess.js';
export { type CancelTimer, systemTime, type TimeSource } from './TimeSource.js';
