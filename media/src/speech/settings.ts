import { z } from 'zod';

/**
 * Class of a setting: `live` ones change in the middle of a meeting, `session` ones with the next join, `restart` ones with
 * the next start of the server.
 */
export type SettingClass = 'live' | 'session' | 'restart';

/** What stands beside a setting in the schema; the settings page, `--help` and the docs are made from it. */
export type SettingMeta = {
  description: string;
  class: SettingClass;
  unit?: string;
};

const live = (description: string, unit?: string): SettingMeta => ({
  description,
  class: 'live',
  ...(unit === undefined ? {} : { unit }),
});

/**
 * Everything that decides how a speaker's audio becomes utterances and text. Part of the one settings schema; the modes
 * below are sets of values for it.
 */
export const speechSettingsSchema = z.strictObject({
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
    .meta(live('Speech probability below which a frame counts as silence once speech has started', 'probability')),
  preRollMs: z.int().min(0).max(2_000).default(400).meta(live('Audio kept from before the start of speech', 'ms')),
  postRollMs: z.int().min(0).max(1_000).default(300).meta(live('Silence kept after the end of speech', 'ms')),
  minSpeechMs: z.int().min(32).max(2_000).default(250).meta(live('Shorter speech is taken for a noise', 'ms')),
  endSilenceMs: z.int().min(100).max(5_000).default(500).meta(live('Silence that ends an utterance', 'ms')),
  interimIntervalMs: z
    .int()
    .min(0)
    .max(5_000)
    .default(500)
    .meta(live('New speech between two interim results; 0 = no interims', 'ms')),
  maxSegmentMs: z
    .int()
    .min(2_000)
    .max(28_000)
    .default(28_000)
    .meta(live("Longest utterance before it is cut at its quietest point; the model's own longest window wins", 'ms')),
  language: z
    .string()
    .regex(/^(auto|[a-z]{2,3})$/)
    .default('auto')
    .meta(live('ISO 639-1 code of the spoken language, or auto')),
  beamSize: z.int().min(1).max(8).default(1).meta(live('Beam size of finals; 1 = greedy')),
  prompt: z
    .string()
    .max(1_000)
    .default('')
    .meta(live('Text that primes the recogniser: names and words of the meeting')),
  words: z.boolean().default(false).meta(live('Word times on finals')),
});

export type SpeechSettings = z.infer<typeof speechSettingsSchema>;
/** Single values that are put over those of a mode. */
export type SpeechOverrides = { [Key in keyof SpeechSettings]?: SpeechSettings[Key] | undefined };

/** The same settings without their defaults: what is not given stays with the mode. */
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

/** Named sets of values: what differs from the schema's defaults. Data, not code paths. */
export const MODES = {
  /** Interims every half second, finals half a second after the last word. */
  balanced: {},
} as const satisfies Record<string, Partial<SpeechSettings>>;

export type ModeName = keyof typeof MODES;

/** The settings of a mode, with single values put over them. @throws z.ZodError for values out of range */
export function resolveSpeechSettings(mode: ModeName, overrides: SpeechOverrides = {}): SpeechSettings {
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return speechSettingsSchema.parse({ ...MODES[mode], ...Object.fromEntries(given) });
}
