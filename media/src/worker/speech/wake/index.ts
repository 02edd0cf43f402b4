export { OpenWakeWordDetector, type OpenWakeWordStats } from './OpenWakeWordDetector.js';
export { type WakeEvent, WakeGate, type WakeSettings } from './WakeGate.js';
export { type WakePhraseMatch, WakePhraseMatcher } from './WakePhraseMatcher.js';
export {
  type WakeWordDetector,
  WakeWordError,
  type WakeWordErrorCode,
  type WakeWordStream,
  type WakeWordStreamOptions,
} from './WakeWordDetector.js';
