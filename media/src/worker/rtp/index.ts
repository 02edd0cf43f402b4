export * from './JitterBuffer.js';
export * from './MediaClock.js';
export * from './parseRtpPacket.js';
export * from './RtpReceiver.js';
export * from './SequenceUnwrapper.js';
export * from './TimestampUnwrapper.js';
export * from './TrackBudget.js';
