export { detectDevice } from './detectDevice.js';
export { addonFolder, hasCudaBackend, loadNative, nativeAvailability } from './loadAddon.js';
export { ModelFile, type TensorValues } from './ModelFile.js';
export {
  type ModelHeader,
  type ModelLayout,
  readModelHeader,
  readModelLayout,
  type TensorEntry,
} from './modelHeader.js';
export { createOpusDecoder, opusPacketInfo } from './OpusDecoder.js';
export { createSpeechEngine, isLanguage, onnxRuntimeProblem } from './SpeechEngine.js';
export * from './types.js';
