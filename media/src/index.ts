export * from './asr/types.js';
export * from './process/clock.js';
export * from './speech/settings.js';
