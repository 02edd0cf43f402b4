export { cacheDirectory } from './cacheDirectory.js';
export { ModelError, type ModelErrorCode } from './ModelError.js';
export type { ModelProgress } from './ModelFetcher.js';
export {
  type ListedModel,
  ModelStore,
  type ModelStoreOptions,
  type ResolvedModel,
} from './ModelStore.js';
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
