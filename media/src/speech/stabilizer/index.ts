export { type Observation, type StableText, Stabilizer, type StabilizerOptions } from './Stabilizer.js';
export { joinWords, plain as plainWord, splitWords, spreadWords, type TimedWord } from './words.js';
