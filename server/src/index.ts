export { createProgressLine, type ProgressLine } from './cli/progressLine.js';
export { loadSettings, SettingsError } from './config/loadSettings.js';
export type { Settings, SettingsInput } from './config/settings.js';
export { createLogger, type Logger } from './observability/logger.js';
export { Server } from './start/Server.js';
export { StartError } from './start/StartError.js';
export { type StartServerOptions, startServer } from './start/startServer.js';
export { MemoryTranscriptStore } from './store/memory/MemoryTranscriptStore.js';
export type {
  TranscriptPage,
  TranscriptQuery,
  TranscriptStore,
  UncommittedSegment,
} from './store/TranscriptStore.js';
