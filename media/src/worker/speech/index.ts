export * from './crosstalk/index.js';
export * from './level/index.js';
export * from './planSplit.js';
export * from './Segmenter.js';
export * from './stabilizer/index.js';
export * from './text/index.js';
export * from './VoiceActivityModel.js';
export * from './VoiceActivityStream.js';
