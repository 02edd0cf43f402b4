/** What a person wants of the page, kept by the browser. None of it leaves it. */
export interface Preferences {
  theme: ThemeChoice;
  /** Of the page itself; `system`: what the browser asks for. */
  language: LanguageChoice;
  captions: CaptionPreferences;
  /** Language that the person speaks, ISO 639-1; empty: whatever the room has. */
  speechLanguage: string;
  /** The microphone is open only while a key or the button is held. */
  pushToTalk: boolean;
  /** Single letters do things; off for those whose speech input types them. */
  shortcuts: boolean;
}

export interface CaptionPreferences {
  on: boolean;
  size: (typeof CAPTION_SIZES)[number];
  position: (typeof CAPTION_POSITIONS)[number];
  background: (typeof CAPTION_BACKGROUNDS)[number];
  contrast: (typeof CAPTION_CONTRASTS)[number];
  /** Utterances that are shown at once. */
  lines: (typeof CAPTION_LINES)[number];
  /** Screen readers say what has been said, once it is final. */
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

/** What was kept, as far as it still makes sense; the rest is as at first. */
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
