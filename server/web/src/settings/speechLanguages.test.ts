import { expect, test } from 'vitest';
import { knownChoice, languageName, speechLanguages, withLanguage, withoutLanguage } from './speechLanguages.js';

test('spoken languages have names in the language of the page, in its order, and the one in use is among them', () => {
  const german = speechLanguages({ language: 'de', known: undefined, also: ['sv', 'auto', 'de'] });
  expect(german.at(0)).toEqual({ code: 'ar', name: 'Arabisch' });
  expect(german.filter(({ code }) => code === 'de')).toEqual([{ code: 'de', name: 'Deutsch' }]);
  expect(german).toContainEqual({ code: 'sv', name: 'Schwedisch' });
  expect(german.map(({ code }) => code)).not.toContain('auto');
});

test('spoken languages are those that the model knows, where the server says so, and no others', () => {
  const offered = speechLanguages({ language: 'en', known: ['de', 'en', 'es', 'fr'], also: ['it'] });
  expect(offered.map(({ name }) => name)).toEqual(['English', 'French', 'German', 'Spanish']);
});

test('a choice that was made at another server holds where this one knows the language', () => {
  expect(knownChoice('de', ['de', 'en'])).toBe('de');
  expect(knownChoice('it', ['de', 'en'])).toBe('');
  expect(knownChoice('it', undefined)).toBe('it');
  for (const any of ['', 'auto', 'per-segment']) expect(knownChoice(any, ['en'])).toBe(any);
});

test('a list of languages has each of them once, and nothing that is no language', () => {
  expect(withLanguage([], 'de')).toEqual(['de']);
  expect(withLanguage(['de'], 'en')).toEqual(['de', 'en']);
  expect(withLanguage(['de', 'en'], 'de')).toEqual(['de', 'en']);
  expect(withLanguage(['de'], '')).toEqual(['de']);
});

test('a list of languages that loses its last one is none, so that what the server has holds', () => {
  expect(withoutLanguage(['de', 'en'], 'de')).toEqual(['en']);
  expect(withoutLanguage(['de'], 'it')).toEqual(['de']);
  expect(withoutLanguage(['de'], 'de')).toBeNull();
});

test('a language is called by its name in the language of the page, and by its code where that is no language', () => {
  expect(languageName('de', 'fr')).toBe('allemand');
  expect(languageName('not a code', 'fr')).toBe('not a code');
});
