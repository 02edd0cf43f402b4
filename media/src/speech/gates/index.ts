export { isNearSilent } from './isNearSilent.js';
export { type JudgedResult, type JudgedText, judgeText, type RejectedText, type TextThresholds } from './judgeText.js';
export type { JudgedWord } from './keptText.js';
