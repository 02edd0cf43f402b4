export {
  candidatesOf,
  type Inability,
  inabilitiesOf,
  languagesOf,
  standsInFor,
} from './languages.js';
export {
  AUTO_MODELS,
  BUILT_IN_MODEL,
  DEFAULT_MODEL_BASE_URL,
  findPublishedModel,
  PUBLISHED_MODELS,
  type PublishedModel,
  WHISPER_LICENCE,
} from './modelCatalogue.js';
export type { EngineChoice, ModelProfile } from './modelProfile.js';
export { MODES, type Mode, type ModeName, resolveSpeechSettings } from './modes.js';
export { DEFAULT_READING, type ReadingProfile } from './reading.js';
export {
  MOST_LANGUAGES,
  PERSONAL_SETTINGS,
  type SettingClass,
  type SettingMeta,
  type SpeechOverrides,
  type SpeechSettingName,
  type SpeechSettings,
  speechOverridesSchema,
  speechSettingsSchema,
} from './speechSettings.js';
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
