export { isNearSilent } from './isNearSilent.js';
export { compressionRatio, type JudgedResult, judgeText, type RejectedText, type TextThresholds } from './judgeText.js';
