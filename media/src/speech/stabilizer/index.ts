export { type Observation, type StableText, Stabilizer, type StabilizerOptions } from './Stabilizer.js';
export { joinWords, plain, splitWords, spreadWords, type TimedWord } from './words.js';
