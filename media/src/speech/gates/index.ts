export { isNearSilent } from './isNearSilent.js';
export {
  type JudgedResult,
  type JudgedText,
  judgeText,
  type RejectedText,
  stopsAtMs,
  type TextThresholds,
} from './judgeText.js';
export { type JudgedWord, placesOf, without } from './keptText.js';
