import { expect, test } from 'vitest';
import { languageName, speechLanguages } from './speechLanguages.js';

test('spoken languages have names in the language of the page, in its order, and the one in use is among them', () => {
  const german = speechLanguages({ language: 'de', also: ['sv', 'auto', 'de'] });
  expect(german.at(0)).toEqual({ code: 'ar', name: 'Arabisch' });
  expect(german.filter(({ code }) => code === 'de')).toEqual([{ code: 'de', name: 'Deutsch' }]);
  expect(german).toContainEqual({ code: 'sv', name: 'Schwedisch' });
  expect(german.map(({ code }) => code)).not.toContain('auto');
});

test('a language is called by its name in the language of the page, and by its code where that is no language', () => {
  expect(languageName('de', 'fr')).toBe('allemand');
  expect(languageName('not a code', 'fr')).toBe('not a code');
});
