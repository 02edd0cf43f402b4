import type { Spoken } from '../i18n/I18n.js';

/** More are cut off: a notice has to be readable at first sight. */
const MOST = 5;

/** Names of a room's settings, as a list in words. Those that the page does not offer have the name that they have in the documentation. */
export function settingNames({ changed, language, text }: Spoken & { changed: readonly string[] }): string {
  const { mode, hotWords, roomLanguage, roomLanguages } = text.settings;
  const offered = new Map(Object.entries({ mode, hotWords, language: roomLanguage, languages: roomLanguages }));
  const names = changed.slice(0, MOST).map((name) => offered.get(name) ?? name);
  if (changed.length > MOST) names.push('…');
  return new Intl.ListFormat(language, { type: 'unit', style: 'short' }).format(names);
}
