export * from './asr/index.js';
export * from './audio/index.js';
export * from './models/index.js';
export * from './pipeline/index.js';
export * from './process/index.js';
export * from './rtp/index.js';
export * from './sfu/index.js';
export * from './speech/index.js';
