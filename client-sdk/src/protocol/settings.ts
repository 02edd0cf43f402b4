/**
 * Settings for turning a speaker's audio into text. Resolved in layers: the mode's values, then those of the deployment, the room and
 * the participant; `hotWords` of all layers are combined. Times are milliseconds of audio. `getSettings` describes each setting with its
 * default, unit and range.
 */
export interface SpeechSettings {
  /** Speech probability at which speech starts. */
  vadThreshold: number;
  /** Speech probability below which a frame counts as silence after speech has started. */
  vadNegativeThreshold: number;
  /** Audio kept before the start of speech. */
  preRollMs: number;
  /** Silence kept after the end of speech. */
  postRollMs: number;
  /** Shorter sounds are treated as noise. */
  minSpeechMs: number;

  /** `fixed`: an utterance always ends after `endSilenceMs`; `adaptive`: depends on the words so far. */
  endpointing: 'fixed' | 'adaptive';
  /** Silence that ends an utterance. */
  endSilenceMs: number;
  /** `adaptive`: silence that ends an utterance after a complete sentence. */
  endSilenceSentenceMs: number;
  /** `adaptive`: silence that ends an utterance in the middle of a sentence. */
  endSilenceUnfinishedMs: number;
  /** Silence after which the final is started early and discarded if speech resumes; 0 = not before the end. */
  speculativeSilenceMs: number;
  /** Longest utterance before it is split between two words; limited by the model's longest window. */
  maxSegmentMs: number;
  /** Length of an utterance from which its finished sentences become final one by one; 0 = never. */
  sentenceSplitMs: number;

  /** New speech between two interim results; 0 = no interims. */
  interimIntervalMs: number;
  /** Speech before the first interim result. */
  firstInterimMs: number;
  /** Maximum audio used for one interim result. */
  interimWindowMs: number;
  /** Interim results that must agree on a word before it is shown as settled. */
  stabilityAgreement: number;
  /** Audio over which they must agree. */
  stabilityMs: number;

  /**
   * Spoken language: an ISO 639-1 code from the model's `languages`; `auto`: detected in the first seconds, and again when it changes;
   * `per-segment`: detected in each utterance.
   */
  language: string;
  /** `auto` and `per-segment`: codes of the languages to choose from, all supported by the model; none = every language that it supports. */
  languages: string[];
  /** `auto`: speech needed before the language is settled. */
  languageDetectionMs: number;
  /** `auto`: probability at which the language is settled. */
  languageProbability: number;
  /** `translate`: into English; refused if the model cannot translate. */
  task: 'transcribe' | 'translate';
  /** Beam size of finals, 1 to 8; 1 = greedy. */
  beamSize: number;
  /** Beam size of interims, 1 to 8; 1 = greedy. */
  interimBeamSize: number;
  /** Whether finals that look wrong are decoded again at a higher temperature. */
  temperatureFallback: boolean;
  /** Text given to the recogniser as context. */
  prompt: string;
  /** Names and terms that the recogniser should expect. */
  hotWords: string[];
  /** Whether the names of the people in the room are hot words, too. They choose these names, so this is off by default. */
  nameHotWords: boolean;
  /** Whether interims and finals carry time and probability of each word. */
  words: boolean;

  /** Audio that never gets louder than this is not sent to the recogniser; dBFS. */
  silenceLevelDb: number;
  /** No-speech probability above which an uncertain text is dropped. */
  noSpeechThreshold: number;
  /** Mean log-probability of the tokens below which a text counts as uncertain. */
  logProbabilityThreshold: number;
  /** Compression ratio above which an unfinished text counts as a loop and is decoded again. */
  compressionRatioThreshold: number;
  /** Maximum tokens per second of audio; more counts as a loop. */
  tokensPerSecond: number;

  /** Whether sentences start with a capital letter. */
  startUppercase: boolean;
  /** Whether utterances that end in silence get a full stop if they have no other mark. */
  endPeriod: boolean;

  /** Phrases that wake the transcription; none = the deployment's wake words, or always awake if there are none. */
  wakePhrases: string[];
  /** Whether nothing is transcribed until a wake phrase is detected. If off, wake phrases are only reported. */
  wakeGate: boolean;
  /** How readily speech is accepted as the phrase, 0 to 1; higher = more readily. */
  wakeSensitivity: number;
  /** Time after the start of a track during which no wake phrase is needed. */
  wakeActivationDelayMs: number;
  /** Silence after the wake phrase that puts the speaker back to sleep. */
  wakeTimeoutMs: number;
  /** Time after each final during which the speaker can continue without the phrase. */
  wakeFollowUpMs: number;

  /** Whether a voice that reaches a second microphone is captioned only once, under its speaker. */
  crosstalkGuard: boolean;
}

export type SpeechSettingName = keyof SpeechSettings;

/** The values of one layer. Missing values come from the layers below. */
export type SpeechOverrides = { [Name in SpeechSettingName]?: SpeechSettings[Name] | undefined };

/** A change of one layer. Missing settings stay as they are; null removes the layer's value, so that the layers below apply again. */
export type SpeechSettingsPatch = { [Name in SpeechSettingName]?: SpeechSettings[Name] | null | undefined };

/** `live`: takes effect during a meeting; `restart`: with the server's next start. */
export type SettingClass = 'live' | 'restart';

/** Description of a setting, for settings pages. */
export interface SettingDescription {
  description: string;
  class: SettingClass;
  /** Belongs to each person: refused with scope `room`. */
  personal?: boolean;
  /** e.g. `ms`. */
  unit?: string;
  type: 'string' | 'number' | 'integer' | 'boolean' | 'list';
  /** Default without a mode; a mode may override it. */
  default: SpeechSettings[SpeechSettingName];
  /** Values of a closed set. */
  choices?: string[];
  /** Of numbers. */
  min?: number;
  max?: number;
  /** Characters of a text, or of one entry of a list. */
  maxLength?: number;
  /** Entries of a list. */
  maxItems?: number;
}

/** A named set of settings that may be chosen now. */
export interface ModeDescription {
  name: string;
  /** Purpose, as a sentence. */
  purpose: string;
}

export type SettingsScope = 'participant' | 'room';

export interface SettingsView {
  /** Of the room. */
  mode: string;
  modes: ModeDescription[];
  /** The room's resolved settings: they apply to everyone without their own. */
  room: SpeechSettings;
  /** Changes for the room in this meeting; a page edits these. */
  roomOverrides: SpeechOverrides;
  /** This participant's own settings. */
  participant: SpeechOverrides;
  /** The settings in effect for this participant: the room's, overridden by their own. */
  effective: SpeechSettings;
  /** Whether this participant may change the room's settings. They can always change their own. */
  mayChangeRoom: boolean;
  descriptions: { [Name in SpeechSettingName]: SettingDescription };
}
