/** Test suites for every implementation of a contract. Need vitest. */

export { describeSpeechEngine, type SpeechEngineUnderTest } from '../../asr/testing/describeSpeechEngine.js';
export { describeRecognizer, type RecognizerUnderTest, type Spoken } from './describeRecognizer.js';
