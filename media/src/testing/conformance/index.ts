/** What every implementation of a contract must pass. Needs vitest around it. */

export { describeSpeechEngine, type SpeechEngineUnderTest } from '../../asr/testing/describeSpeechEngine.js';
export { describeRecognizer, type RecognizerUnderTest, type Spoken } from './describeRecognizer.js';
