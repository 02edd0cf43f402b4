export { createProgressLine, type ProgressLine } from './cli/progressLine.js';
export { loadSettings, SettingsError } from './config/loadSettings.js';
export type { Settings, SettingsInput } from './config/settings.js';
export { createLogger, type Logger } from './observability/logger.js';
export { Server } from './start/Server.js';
export { StartError } from './start/StartError.js';
export { type StartServerOptions, startServer } from './start/startServer.js';
export { MemoryTranscriptLog } from './transcripts/MemoryTranscriptLog.js';
export type {
  CreateTranscriptLog,
  TranscriptLog,
  TranscriptPage,
  UncommittedSegment,
} from './transcripts/TranscriptLog.js';
