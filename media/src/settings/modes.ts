import { type SpeechOverrides, type SpeechSettings, speechSettingsSchema } from './speechSettings.js';

/** A named set of values: what differs from the schema's defaults, and a sentence to help people choose. */
export interface Mode {
  /** What it is for. */
  purpose: string;
  settings: SpeechOverrides;
  /** Interims may come from a smaller model than finals. */
  separateInterimModel: boolean;
  /** If no model is named, the small one is used, however fast the device. */
  smallModel: boolean;
  /** Whether people can choose it yet. */
  offered: boolean;
}

/** The four modes. Data, not code paths. */
export const MODES = {
  accurate: {
    purpose: 'Best text, slightly later: no interim text, wide beam search, tolerant of pauses.',
    settings: {
      interimIntervalMs: 0,
      beamSize: 5,
      endpointing: 'fixed',
      endSilenceMs: 900,
    },
    separateInterimModel: false,
    smallModel: false,
    offered: true,
  },
  balanced: {
    purpose: 'Live captions for meetings: text while people speak, finals right after each sentence.',
    settings: {},
    separateInterimModel: true,
    smallModel: false,
    offered: true,
  },
  fast: {
    purpose: 'First words as soon as possible, using one small model.',
    settings: {
      interimIntervalMs: 250,
      firstInterimMs: 200,
      beamSize: 1,
      endSilenceMs: 350,
      endSilenceSentenceMs: 200,
      endSilenceUnfinishedMs: 500,
      temperatureFallback: false,
    },
    separateInterimModel: false,
    smallModel: true,
    offered: true,
  },
  recording: {
    purpose: 'For the archive: finals only; the best model processes the recording after the meeting.',
    settings: {
      interimIntervalMs: 0,
      speculativeSilenceMs: 0,
      endpointing: 'fixed',
      endSilenceMs: 1_000,
      beamSize: 5,
    },
    separateInterimModel: false,
    smallModel: false,
    offered: false,
  },
} as const satisfies Record<string, Mode>;

export type ModeName = keyof typeof MODES;

/**
 * The settings of a mode, overridden by single values, later ones over earlier ones (deployment, room, participant). `hotWords` of all of
 * them add up, the last one's first.
 * @throws z.ZodError for values out of range
 */
export function resolveSpeechSettings(mode: ModeName, ...overrides: readonly SpeechOverrides[]): SpeechSettings {
  const resolved: Record<string, unknown> = {};
  for (const layer of [MODES[mode].settings as SpeechOverrides, ...overrides]) {
    for (const [key, value] of Object.entries(layer)) if (value !== undefined) resolved[key] = value;
  }
  const hotWords = overrides.toReversed().flatMap((layer) => layer.hotWords ?? []);
  resolved.hotWords = [...new Set(hotWords)].slice(0, 200);
  return speechSettingsSchema.parse(resolved);
}
