import { describe, expect, test } from 'vitest';
import { en } from '../i18n/en.js';
import { settingNames } from './settingNames.js';

describe("names of a room's settings", () => {
  const namesOf = (...changed: string[]) => settingNames({ changed, language: 'en', text: en });

  test('H10 are those that the page shows, and for settings that it does not offer those of the documentation', () => {
    expect(namesOf('mode', 'language', 'prompt')).toBe('Room mode, Language spoken here, prompt');
    expect(namesOf('constructor')).toBe('constructor');
  });

  test('are cut off after the fifth', () => {
    expect(namesOf('a', 'b', 'c', 'd', 'e', 'f', 'g')).toBe('a, b, c, d, e, …');
  });
});
