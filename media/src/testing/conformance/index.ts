/** What every implementation of a contract must pass. Needs vitest around it. */
export { describeRecognizer, type RecognizerUnderTest } from './describeRecognizer.js';
