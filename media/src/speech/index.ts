export * from './Segmenter.js';
export * from './VoiceActivityModel.js';
export * from './VoiceActivityStream.js';
export * from './modes.js';
export * from './planSplit.js';
export * from './settings.js';
export * from './stabilizer/index.js';
