export { cacheDirectory } from './cacheDirectory.js';
export type { DownloadProgress } from './download.js';
export { ModelError, type ModelErrorCode } from './ModelError.js';
export {
  type ListedModel,
  type ModelSource,
  ModelStore,
  type ModelStoreOptions,
  type ResolvedModel,
} from './ModelStore.js';
export {
  AUTO_MODEL,
  BUILT_IN_MODEL,
  DEFAULT_MODEL_BASE_URL,
  findPublishedModel,
  PUBLISHED_MODELS,
  type PublishedModel,
} from './modelCatalogue.js';
