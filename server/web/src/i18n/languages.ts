import type { LanguageChoice } from '../settings/preferences.js';
import { type Dictionary, en } from './en.js';

export type Language = Exclude<LanguageChoice, 'system'>;

/** Each under the name that its own speakers know it by. */
export const LANGUAGES: Record<Language, { name: string; dir: 'ltr' | 'rtl' }> = {
  en: { name: 'English', dir: 'ltr' },
  de: { name: 'Deutsch', dir: 'ltr' },
  fr: { name: 'Français', dir: 'ltr' },
  ar: { name: 'العربية', dir: 'rtl' },
};

/** A person's choice wins; else the first language of the browser that the page speaks; else English. */
export function languageOf(options: { choice: LanguageChoice; wanted: readonly string[] }): Language {
  const { choice, wanted } = options;
  if (choice !== 'system') return choice;
  const spoken = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return spoken.find((language): language is Language => Object.hasOwn(LANGUAGES, language)) ?? 'en';
}

/** English is always at hand; the others are fetched when they are wanted. */
export async function loadDictionary(language: Language): Promise<Dictionary> {
  switch (language) {
    case 'en':
      return en;
    case 'de':
      return (await import('./de.js')).de;
    case 'fr':
      return (await import('./fr.js')).fr;
    case 'ar':
      return (await import('./ar.js')).ar;
  }
}
