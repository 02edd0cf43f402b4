import { z } from 'zod';

/** Class of a setting: `live` ones can change during a meeting, `restart` ones at the next start of the server. */
export type SettingClass = 'live' | 'restart';

/** Metadata of a setting in the schema; the settings page, `--help` and the docs are made from it. */
export type SettingMeta = {
  description: string;
  class: SettingClass;
  unit?: string;
  /** Belongs to each person: it cannot be changed for a whole room during a meeting. */
  personal?: true;
};

const live = (description: string, unit?: string): SettingMeta => ({
  description,
  class: 'live',
  ...(unit === undefined ? {} : { unit }),
});

/** Decides whether a person is transcribed at all. */
const personal = (description: string, unit?: string): SettingMeta => ({ ...live(description, unit), personal: true });

const probability = z.number().min(0).max(1);
/** More than any model knows. */
export const MOST_LANGUAGES = 100;
const phrases = (longest: number) => z.array(z.string().trim().min(1).max(longest));

/**
 * Everything that decides how a speaker's audio becomes utterances and text. Part of the one settings schema; the modes are sets of values
 * for it (`MODES`). Times are milliseconds of audio.
 */
export const speechSettingsSchema = z.strictObject({
  // Speech and silence
  vadThreshold: z
    .number()
    .min(0.05)
    .max(0.95)
    .default(0.5)
    .meta(live('Speech probability at which speech starts', 'probability')),
  vadNegativeThreshold: z
    .number()
    .min(0.01)
    .max(0.95)
    .default(0.35)
    .meta(live('Speech probability below which a frame counts as silence after speech has started', 'probability')),
  preRollMs: z.int().min(0).max(2_000).default(400).meta(live('Audio kept before the start of speech', 'ms')),
  postRollMs: z.int().min(0).max(1_000).default(300).meta(live('Silence kept after the end of speech', 'ms')),
  minSpeechMs: z.int().min(32).max(2_000).default(250).meta(live('Shorter sounds are treated as noise', 'ms')),

  // Where an utterance ends
  endpointing: z
    .enum(['fixed', 'adaptive'])
    .default('adaptive')
    .meta(live('fixed: always endSilenceMs; adaptive: depends on the words so far')),
  endSilenceMs: z.int().min(100).max(5_000).default(500).meta(live('Silence that ends an utterance', 'ms')),
  endSilenceSentenceMs: z
    .int()
    .min(100)
    .max(5_000)
    .default(300)
    .meta(live('adaptive: silence that ends an utterance after a complete sentence', 'ms')),
  endSilenceUnfinishedMs: z
    .int()
    .min(100)
    .max(5_000)
    .default(800)
    .meta(live('adaptive: silence that ends an utterance in the middle of a sentence', 'ms')),
  speculativeSilenceMs: z
    .int()
    .min(0)
    .max(1_000)
    .default(64)
    .meta(
      live(
        'Silence after which the final is started early and discarded if speech resumes; 0 = not before the end',
        'ms',
      ),
    ),
  maxSegmentMs: z
    .int()
    .min(2_000)
    .max(28_000)
    .default(28_000)
    .meta(live("Longest utterance before it is split between two words; limited by the model's longest window", 'ms')),
  sentenceSplitMs: z
    .int()
    .min(0)
    .max(28_000)
    .default(3_000)
    .meta(live('Length of an utterance from which its finished sentences become final one by one; 0 = never', 'ms')),

  // Interims
  interimIntervalMs: z
    .int()
    .min(0)
    .max(5_000)
    .default(300)
    .meta(live('New speech between two interim results; 0 = no interims', 'ms')),
  firstInterimMs: z.int().min(0).max(5_000).default(250).meta(live('Speech before the first interim result', 'ms')),
  interimWindowMs: z
    .int()
    .min(2_000)
    .max(28_000)
    .default(6_000)
    .meta(live('Maximum audio used for one interim result', 'ms')),
  stabilityAgreement: z
    .int()
    .min(2)
    .max(8)
    .default(2)
    .meta(live('Interim results that must agree on a word before it is shown as settled')),
  stabilityMs: z.int().min(0).max(5_000).default(200).meta(live('Audio over which they must agree', 'ms')),

  // Recognition
  language: z
    .string()
    .regex(/^(auto|per-segment|[a-z]{2,3})$/)
    .default('auto')
    .meta(
      live(
        'Spoken language: an ISO 639-1 code that the model supports; auto: detected in the first seconds, and again when it changes; per-segment: detected in each utterance',
      ),
    ),
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}$/))
    .max(MOST_LANGUAGES)
    .default([])
    .meta(
      live(
        'auto and per-segment: codes of the languages to choose from, all supported by the model; none = every language that it supports',
      ),
    ),
  languageDetectionMs: z
    .int()
    .min(500)
    .max(30_000)
    .default(3_000)
    .meta(live('auto: speech needed before the language is settled', 'ms')),
  languageProbability: probability
    .default(0.6)
    .meta(live('auto: probability at which the language is settled', 'probability')),
  task: z
    .enum(['transcribe', 'translate'])
    .default('transcribe')
    .meta(live('translate: into English, if the model can')),
  beamSize: z.int().min(1).max(8).default(1).meta(live('Beam size of finals; 1 = greedy')),
  interimBeamSize: z.int().min(1).max(8).default(1).meta(live('Beam size of interims; 1 = greedy')),
  temperatureFallback: z
    .boolean()
    .default(true)
    .meta(live('Decode finals that look wrong again at a higher temperature')),
  prompt: z.string().max(1_000).default('').meta(live('Text given to the recogniser as context')),
  hotWords: phrases(64)
    .max(200)
    .default([])
    .meta(
      live('Names and terms that the recogniser should expect; those of server, room and participant are combined'),
    ),
  nameHotWords: z.boolean().default(false).meta(live('Add the names of the people in the room to the hot words')),
  words: z.boolean().default(true).meta(live('Add time and probability of each word to interims and finals')),

  // Gates against invented text
  silenceLevelDb: z
    .number()
    .min(-90)
    .max(-20)
    .default(-60)
    .meta(personal('Audio that never gets louder than this is not sent to the recogniser', 'dBFS')),
  noSpeechThreshold: probability
    .default(0.6)
    .meta(live('No-speech probability above which an uncertain text is dropped', 'probability')),
  logProbabilityThreshold: z
    .number()
    .min(-10)
    .max(0)
    .default(-1)
    .meta(live('Mean log-probability of the tokens below which a text counts as uncertain')),
  compressionRatioThreshold: z
    .number()
    .min(1)
    .max(10)
    .default(2.4)
    .meta(live('Compression ratio above which an unfinished text counts as a loop and is decoded again')),
  tokensPerSecond: z
    .int()
    .min(4)
    .max(50)
    .default(16)
    .meta(live('Maximum tokens per second of audio; more counts as a loop')),

  // Text
  startUppercase: z.boolean().default(true).meta(live('Start sentences with a capital letter')),
  endPeriod: z
    .boolean()
    .default(true)
    .meta(live('End utterances that end in silence with a full stop if they have no other mark')),

  // Wake phrases
  wakePhrases: phrases(64)
    .max(8)
    .default([])
    .meta(
      personal('Phrases that wake the transcription; none = the words of wakeWord, or always awake if there are none'),
    ),
  wakeGate: z
    .boolean()
    .default(true)
    .meta(personal('Transcribe nothing until a wake phrase is detected; if off, wake phrases are only reported')),
  wakeSensitivity: probability
    .default(0.6)
    .meta(personal('How readily speech is accepted as the phrase; higher = more readily', '0 to 1')),
  wakeActivationDelayMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(0)
    .meta(personal('Time after the start of a track during which no wake phrase is needed', 'ms')),
  wakeTimeoutMs: z
    .int()
    .min(500)
    .max(600_000)
    .default(5_000)
    .meta(personal('Silence after the wake phrase that puts the speaker back to sleep', 'ms')),
  wakeFollowUpMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(0)
    .meta(personal('Time after each final during which the speaker can continue without the phrase', 'ms')),

  // Rooms
  crosstalkGuard: z
    .boolean()
    .default(true)
    .meta(live('Caption a voice that reaches a second microphone only once, under its speaker')),
});

export type SpeechSettings = z.infer<typeof speechSettingsSchema>;
export type SpeechSettingName = keyof SpeechSettings;
/** Settings that belong to each person. */
export const PERSONAL_SETTINGS: ReadonlySet<string> = new Set(
  Object.entries(speechSettingsSchema.shape).flatMap(([name, schema]) =>
    (schema.meta() as SettingMeta | undefined)?.personal === true ? [name] : [],
  ),
);

/** Single values that override those of a mode. */
export type SpeechOverrides = { [Key in SpeechSettingName]?: SpeechSettings[Key] | undefined };

/** The same settings without defaults: what is absent stays as in the mode. */
export const speechOverridesSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(speechSettingsSchema.shape).map(([key, schema]) => [
      key,
      schema
        .removeDefault()
        .optional()
        .meta(schema.meta() ?? {}),
    ]),
  ),
) as unknown as z.ZodType<SpeechOverrides> & z.ZodObject;
