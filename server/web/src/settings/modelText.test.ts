import { describe, expect, test } from 'vitest';
import { ar } from '../i18n/ar.js';
import { de } from '../i18n/de.js';
import { en } from '../i18n/en.js';
import { modelText } from './modelText.js';

const base = { name: 'base-q8_0', demo: false } as const;

describe('what is said of a model', () => {
  test('is its name and, for each place that it can come from, a sentence of its own', () => {
    const sources = ['builtIn', 'download', 'packages', 'file', 'address'] as const;
    const said = sources.map((source) => modelText(en, { ...base, source }));
    for (const text of said) expect(text).toMatch(/^Speech model: Whisper base-q8_0, on this server\. The model .+\.$/);
    expect(new Set(said).size).toBe(sources.length);
    expect(modelText(de, { ...base, source: 'file' })).toBe(
      'Sprachmodell: Whisper base-q8_0, auf diesem Server. Das Modell ist eine Datei des Serverbetreibers.',
    );
  });

  test('keeps the name in one piece in a language that runs the other way', () => {
    expect(modelText(ar, base)).toContain('\u2066Whisper base-q8_0\u2069');
  });

  test('is its name alone where the server does not say where it came from, or says what the page does not know', () => {
    const alone = 'Speech model: Whisper base-q8_0, on this server.';
    expect(modelText(en, base)).toBe(alone);
    for (const source of ['moon', 'toString', ''])
      expect(modelText(en, { ...base, source: source as never })).toBe(alone);
  });
});
