/** What every implementation of a contract must pass. Needs vitest around it. */
export { describeRecognizer, type RecognizerUnderTest, type Spoken } from './describeRecognizer.js';
export { describeSpeechEngine, type SpeechEngineUnderTest } from './describeSpeechEngine.js';
