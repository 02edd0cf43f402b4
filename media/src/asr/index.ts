/** Requests, answers and parts of the ASR process, for those who measure or test them by themselves. Products talk to it through `node`. */
export type { RecognizerCapabilities } from './contract/capabilities.js';
export type { Recognizer } from './contract/Recognizer.js';
export * from './contract/recognition.js';
export { joinWords, plain as plainWord, splitWords, spreadWords, type TimedWord } from './contract/text/words.js';
export { type EncoderOptions, encoderOf } from './engines/encoder/encoderOf.js';
export { transcribeJob } from './jobOptions.js';
export { LocalRecognizer } from './LocalRecognizer.js';
