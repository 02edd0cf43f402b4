export { type Observation, Stabilizer, type StabilizerOptions, type StableText } from './Stabilizer.js';
export { joinWords, plain as plainWord, splitWords, spreadWords, type TimedWord } from './words.js';
