export { type WakeEvent, WakeGate, type WakeSettings } from './WakeGate.js';
export { type WakePhraseMatch, WakePhraseMatcher } from './WakePhraseMatcher.js';
