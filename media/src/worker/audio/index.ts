export * from './levels.js';
export * from './OpusDecoder.js';
export * from './opusPacketInfo.js';
export * from './PcmRing.js';
export * from './TrackDecoder.js';
