export { type Observation, Stabilizer, type StabilizerOptions, type StableText } from './Stabilizer.js';
