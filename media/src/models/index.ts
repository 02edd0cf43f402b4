export { ModelError, type ModelErrorCode } from './ModelError.js';
export {
  type ListedModel,
  type ModelProgress,
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
