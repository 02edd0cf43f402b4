import type { LanguageChoice } from '../settings/preferences.js';
import { type Dictionary, en } from './en.js';

export type Language = Exclude<LanguageChoice, 'system'>;

/** Each language under its own name. */
export const LANGUAGES: Record<Language, { name: string; dir: 'ltr' | 'rtl' }> = {
  en: { name: 'English', dir: 'ltr' },
  de: { name: 'Deutsch', dir: 'ltr' },
  fr: { name: 'Français', dir: 'ltr' },
  ar: { name: 'العربية', dir: 'rtl' },
};

/** The person's choice, or else the first browser language that the page supports, or else English. */
export function languageOf(options: { choice: LanguageChoice; wanted: readonly string[] }): Language {
  const { choice, wanted } = options;
  if (choice !== 'system') return choice;
  const spoken = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return spoken.find((language): language is Language => Object.hasOwn(LANGUAGES, language)) ?? 'en';
}

/** English is bundled; the others are loaded on demand. */
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
