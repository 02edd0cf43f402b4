import { ERROR_REGISTRY, type ErrorCode } from '@parley/client-sdk/protocol';
import { describe, expect, test } from 'vitest';
import { LANGUAGE_CHOICES } from '../settings/preferences.js';
import { type Dictionary, en } from './en.js';
import { errorText } from './errorText.js';
import { LANGUAGES, type Language, languageOf, loadDictionary } from './languages.js';
import { plural } from './plural.js';

const OTHERS: Language[] = ['de', 'fr', 'ar'];

/** What a function of a dictionary is tried with: counts, names, percent. */
const VALUES = [2, 2];

function entriesOf(tree: object, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) => {
    const place = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') return [[place, value] as [string, string]];
    if (typeof value === 'function') return [[place, String(value(...VALUES))] as [string, string]];
    return entriesOf(value as object, place);
  });
}

const withoutErrors = ({ errors: _, ...rest }: Dictionary) => rest;

describe.each(OTHERS)('the dictionary of %s', (language) => {
  test('has every text of the English one and no others, each of them with words', async () => {
    const entries = entriesOf(withoutErrors(await loadDictionary(language)));
    expect(entries.map(([place]) => place).sort()).toEqual(
      entriesOf(withoutErrors(en))
        .map(([place]) => place)
        .sort(),
    );
    expect(entries.filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  test('is translated: hardly a sentence stands there in English', async () => {
    const english = new Map(entriesOf(withoutErrors(en)));
    const same = entriesOf(withoutErrors(await loadDictionary(language))).filter(
      ([place, text]) => text === english.get(place) && text.includes(' '),
    );
    expect(same).toEqual([]);
  });

  test('says every error of the registry', async () => {
    const { errors } = await loadDictionary(language);
    const missing = Object.keys(ERROR_REGISTRY).filter((code) => (errors[code] ?? '') === '');
    expect(missing).toEqual([]);
  });
});

describe('the language of the page', () => {
  test('is what the person chose, else the first of the browser that the page speaks, else English', () => {
    expect(languageOf({ choice: 'ar', wanted: ['de'] })).toBe('ar');
    expect(languageOf({ choice: 'system', wanted: ['ja-JP', 'de-AT', 'fr'] })).toBe('de');
    expect(languageOf({ choice: 'system', wanted: ['ja', 'toString'] })).toBe('en');
    expect(languageOf({ choice: 'system', wanted: [] })).toBe('en');
  });

  test('can be chosen from all that there are, and runs the right way', () => {
    expect([...LANGUAGE_CHOICES]).toEqual(['system', ...Object.keys(LANGUAGES)]);
    expect(LANGUAGES.ar.dir).toBe('rtl');
  });
});

test('numbers take the form that the language has for them', async () => {
  const arabic = (await loadDictionary('ar')).call.people;
  expect(new Set([1, 2, 3, 11].map(arabic)).size).toBe(4);
  expect(en.call.people(1)).toBe('1 person');
  expect(en.transcript.count(10_000)).toBe('10,000 entries');
  expect(plural('en', { other: '# x' })(1)).toBe('1 x');
});

describe('an error', () => {
  const error = (code: string, message: string) => ({ code: code as ErrorCode, message });

  test('speaks for itself in English, with all that it knows', () => {
    const spoken = { language: 'en' as const, text: en };
    expect(errorText(error('ROOM_FULL', 'The room is full: 8 of 8.'), spoken)).toBe('The room is full: 8 of 8.');
  });

  test('is translated by its code, and stays English where nobody has', async () => {
    const spoken = { language: 'de' as const, text: await loadDictionary('de') };
    expect(errorText(error('ROOM_FULL', 'x'), spoken)).toBe('Der Raum ist voll.');
    expect(errorText(error('NEWER_THAN_THIS', 'Something new.'), spoken)).toBe('Something new.');
  });
});
