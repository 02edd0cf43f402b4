/**
 * Everything that decides how a speaker's audio becomes text. Resolved in layers: the mode's values, then the deployment's, the
 * room's and the participant's own; `hotWords` of all layers add up. Times are milliseconds of audio. `getSettings` describes
 * each with its default, unit and range.
 */
export interface SpeechSettings {
  /** Speech probability at which speech starts. */
  vadThreshold: number;
  /** Speech probability below which a frame counts as silence once speech has started. */
  vadNegativeThreshold: number;
  /** Audio kept from before the start of speech. */
  preRollMs: number;
  /** Silence kept after the end of speech. */
  postRollMs: number;
  /** Shorter speech is taken for a noise. */
  minSpeechMs: number;

  /** `fixed`: an utterance ends after `endSilenceMs` always; `adaptive`: by what has been said so far. */
  endpointing: 'fixed' | 'adaptive';
  /** Silence that ends an utterance. */
  endSilenceMs: number;
  /** `adaptive`: silence that ends an utterance after what reads as the end of a sentence. */
  endSilenceSentenceMs: number;
  /** `adaptive`: silence that ends an utterance which breaks off within a sentence. */
  endSilenceUnfinishedMs: number;
  /** Silence after which the final is begun, to be thrown away if speech resumes; 0 = not before the end. */
  speculativeSilenceMs: number;
  /** Longest utterance before it is cut between two words; the model's own longest window wins. */
  maxSegmentMs: number;
  /** In a monologue, a sentence becomes final by itself once the utterance is so long; 0 = never. */
  sentenceSplitMs: number;

  /** New speech between two interim results; 0 = no interims. */
  interimIntervalMs: number;
  /** Speech before the first interim result. */
  firstInterimMs: number;
  /** Most audio that one interim result looks at. */
  interimWindowMs: number;
  /** Interim results that have to agree on a word before it is shown as settled. */
  stabilityAgreement: number;
  /** Audio over which they have to agree. */
  stabilityMs: number;

  /**
   * ISO 639-1 code of the spoken language, one of the `languages` of the model; `auto`: found in the first seconds, and again when
   * it changes; `per-segment`: found anew in each utterance.
   */
  language: string;
  /** `auto` and `per-segment`: codes of the languages that can be spoken, some of those of the model; none = all of these. */
  languages: string[];
  /** `auto`: speech that is heard before the language is settled. */
  languageDetectionMs: number;
  /** `auto`: probability that settles the language. */
  languageProbability: number;
  /** `translate`: into English; refused where the model cannot. */
  task: 'transcribe' | 'translate';
  /** Beam size of finals, 1 to 8; 1 = greedy. */
  beamSize: number;
  /** Beam size of interims, 1 to 8; 1 = greedy. */
  interimBeamSize: number;
  /** Finals that look wrong are decoded again at a higher temperature. */
  temperatureFallback: boolean;
  /** Text that primes the recogniser. */
  prompt: string;
  /** Names and terms that the recogniser is to expect. */
  hotWords: string[];
  /** Time and probability of every word, of interims and finals. */
  words: boolean;

  /** Audio that is nowhere louder is never given to the recogniser; dBFS. */
  silenceLevelDb: number;
  /** No-speech probability above which an unsure text is dropped. */
  noSpeechThreshold: number;
  /** Mean log-probability of the tokens below which a text counts as unsure. */
  logProbabilityThreshold: number;
  /** Compression ratio above which a text without an end counts as a loop and is decoded again. */
  compressionRatioThreshold: number;
  /** Most tokens of a text for each second of audio; more is a loop. */
  tokensPerSecond: number;

  /** Sentences start with a capital letter. */
  startUppercase: boolean;
  /** Utterances that ended in silence end with a full stop at least. */
  endPeriod: boolean;

  /** Phrases that wake the transcription; none = those of the deployment's wake word models, and without these always awake. */
  wakePhrases: string[];
  /** Nothing is transcribed until a wake phrase has been heard; without it they are only told of. */
  wakeGate: boolean;
  /** How alike speech and phrase have to be, 0 to 1; higher takes more for the phrase. */
  wakeSensitivity: number;
  /** Awake for so long after the start of the track before a wake phrase is needed. */
  wakeActivationDelayMs: number;
  /** Asleep again when nobody speaks for so long after the wake phrase. */
  wakeTimeoutMs: number;
  /** Awake for so long after each final, so that one can go on without the phrase. */
  wakeFollowUpMs: number;

  /** A voice that reaches a second microphone is captioned once, for its speaker. */
  crosstalkGuard: boolean;
}

export type SpeechSettingName = keyof SpeechSettings;

/** The values of one layer; what is not there comes from the layers below. */
export type SpeechOverrides = { [Name in SpeechSettingName]?: SpeechSettings[Name] | undefined };

/** A change of one layer: what is not there stays, null takes the layer's value away, so that the ones below show again. */
export type SpeechSettingsPatch = { [Name in SpeechSettingName]?: SpeechSettings[Name] | null | undefined };

/** `live`: takes effect in the middle of a meeting; `restart`: with the server's next start. */
export type SettingClass = 'live' | 'restart';

/** What a settings page has to know of a setting. */
export interface SettingDescription {
  description: string;
  class: SettingClass;
  /** e.g. `ms`. */
  unit?: string;
  type: 'string' | 'number' | 'integer' | 'boolean' | 'list';
  /** Without any mode; a mode may have another. */
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
  /** A sentence: what it is for. */
  purpose: string;
}

export type SettingsScope = 'participant' | 'room';

export interface SettingsView {
  /** Of the room. */
  mode: string;
  modes: ModeDescription[];
  /** Of the room, resolved: what holds for everybody without settings of their own. */
  room: SpeechSettings;
  /** What was changed for the room in this meeting; what a page lets people edit. */
  roomOverrides: SpeechOverrides;
  /** What this participant has set for themself. */
  participant: SpeechOverrides;
  /** What holds for this participant: the room's with their own put over them. */
  effective: SpeechSettings;
  /** Whether this participant may change the room's. Their own they always may. */
  mayChangeRoom: boolean;
  descriptions: { [Name in SpeechSettingName]: SettingDescription };
}
