export { cacheDirectory } from './cacheDirectory.js';
export { ModelError, type ModelErrorCode } from './ModelError.js';
export type { ModelProgress } from './ModelFetcher.js';
export {
  type ListedModel,
  ModelStore,
  type ModelStoreOptions,
  type ResolvedModel,
} from './ModelStore.js';
export {
  AUTO_MODELS,
  BUILT_IN_MODEL,
  DEFAULT_MODEL_BASE_URL,
  findPublishedModel,
  PUBLISHED_MODELS,
  type PublishedModel,
  WHISPER_LICENCE,
} from './modelCatalogue.js';
export type { ModelSource } from './provenance.js';
export { SYNTH_SHAPES, type SynthShape } from './synth/shapes.js';
export {
  isSynthShape,
  SYNTH_PREFIX,
  SYNTH_TYPES,
  type SynthOptions,
  type SynthType,
  synthFileName,
  type WriteSynthModelOptions,
  writeSynthModel,
} from './synth/synthModel.js';
export {
  type ListedWakeWord,
  type WakeWordProgress,
  WakeWordStore,
  type WakeWordStoreOptions,
} from './WakeWordStore.js';
export {
  ALL_WAKE_WORDS,
  findPublishedWakeWord,
  PUBLISHED_WAKE_WORDS,
  type PublishedWakeWord,
  WAKE_WORD_LICENCE,
  WAKE_WORD_NAMES,
  WAKE_WORD_PACKAGE,
  WAKE_WORD_SHARED_FILES,
  type WakeWordFile,
  type WakeWordName,
} from './wakeWordCatalogue.js';
