export { buildPrompt, type PromptOptions } from './buildPrompt.js';
export { endsSentence, sentenceBoundaries } from './endsSentence.js';
export { type FinishOptions, finishText } from './finishText.js';
export { HotWordList } from './HotWordList.js';
export { isInDoubt, type LanguageDetection, LanguageTracker } from './LanguageTracker.js';
