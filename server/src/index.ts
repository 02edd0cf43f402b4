export { createProgressLine, type ProgressLine } from './cli/progressLine.js';
export { loadSettings, SettingsError } from './config/loadSettings.js';
export type { Settings, SettingsInput } from './config/settings.js';
export { StartError } from './lifecycle/errors.js';
export { createLogger, type Logger } from './observability/logger.js';
export { Server, type StartServerOptions, startServer } from './Server.js';
export { MemoryTranscriptLog } from './transcripts/MemoryTranscriptLog.js';
export type {
  CreateTranscriptLog,
  TranscriptLog,
  TranscriptPage,
  UncommittedSegment,
} from './transcripts/TranscriptLog.js';
