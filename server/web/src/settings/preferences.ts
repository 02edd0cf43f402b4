/** A person's preferences for the page. They are stored in the browser and never sent. */
export interface Preferences {
  theme: ThemeChoice;
  /** Theme of the page; `system`: the browser's preference. */
  language: LanguageChoice;
  captions: CaptionPreferences;
  /** Spoken language, ISO 639-1; empty: the room's. */
  speechLanguage: string;
  /** Push to talk: the microphone is only open while a key or the button is held. */
  pushToTalk: boolean;
  /** Single-letter shortcuts; off for people whose speech input types them. */
  shortcuts: boolean;
}

export interface CaptionPreferences {
  on: boolean;
  size: (typeof CAPTION_SIZES)[number];
  position: (typeof CAPTION_POSITIONS)[number];
  background: (typeof CAPTION_BACKGROUNDS)[number];
  contrast: (typeof CAPTION_CONTRASTS)[number];
  /** Number of utterances shown at the same time. */
  lines: (typeof CAPTION_LINES)[number];
  /** Screen readers read text once it is final. */
  announce: boolean;
}

export const THEME_CHOICES = ['system', 'light', 'dark', 'contrast'] as const;
export type ThemeChoice = (typeof THEME_CHOICES)[number];
export const LANGUAGE_CHOICES = ['system', 'en', 'de', 'fr', 'ar'] as const;
export type LanguageChoice = (typeof LANGUAGE_CHOICES)[number];
export const CAPTION_SIZES = ['small', 'medium', 'large', 'huge'] as const;
export const CAPTION_POSITIONS = ['top', 'bottom'] as const;
export const CAPTION_BACKGROUNDS = ['dark', 'page', 'none'] as const;
export const CAPTION_CONTRASTS = ['normal', 'high'] as const;
export const CAPTION_LINES = ['1', '2', '3', '4'] as const;

export const DEFAULT_PREFERENCES: Preferences = {
  theme: 'system',
  language: 'system',
  captions: {
    on: true,
    size: 'medium',
    position: 'bottom',
    background: 'dark',
    contrast: 'normal',
    lines: '3',
    announce: true,
  },
  speechLanguage: '',
  pushToTalk: false,
  shortcuts: true,
};

/** The stored values, as far as they are valid; defaults for the rest. */
export function preferencesOf(kept: string | null): Preferences {
  const found = objectOf(parsed(kept));
  const captions = objectOf(found.captions);
  const { captions: first, ...rest } = DEFAULT_PREFERENCES;
  return {
    theme: oneOf(THEME_CHOICES, found.theme, rest.theme),
    language: oneOf(LANGUAGE_CHOICES, found.language, rest.language),
    captions: {
      on: flag(captions.on, first.on),
      size: oneOf(CAPTION_SIZES, captions.size, first.size),
      position: oneOf(CAPTION_POSITIONS, captions.position, first.position),
      background: oneOf(CAPTION_BACKGROUNDS, captions.background, first.background),
      contrast: oneOf(CAPTION_CONTRASTS, captions.contrast, first.contrast),
      lines: oneOf(CAPTION_LINES, captions.lines, first.lines),
      announce: flag(captions.announce, first.announce),
    },
    speechLanguage:
      typeof found.speechLanguage === 'string' && /^([a-z]{2,3}|auto|per-segment)$/.test(found.speechLanguage)
        ? found.speechLanguage
        : rest.speechLanguage,
    pushToTalk: flag(found.pushToTalk, rest.pushToTalk),
    shortcuts: flag(found.shortcuts, rest.shortcuts),
  };
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function oneOf<Value extends string>(choices: readonly Value[], value: unknown, otherwise: Value): Value {
  return choices.find((choice) => choice === value) ?? otherwise;
}

function flag(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : otherwise;
}
