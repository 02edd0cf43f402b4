import type { EngineCapabilities } from '@parley/native';
import { languagesOf } from '../../settings/languages.js';

/** An engine that can do everything. */
export const FAKE_CAPABILITIES: EngineCapabilities = {
  maxJobs: 8,
  maxBatch: 1,
  words: true,
  languages: languagesOf({ multilingual: true }),
  interims: true,
  longestWindowMs: 30_000,
};
