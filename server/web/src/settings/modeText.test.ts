import { expect, test } from 'vitest';
import { de } from '../i18n/de.js';
import { en } from '../i18n/en.js';
import { modeText } from './modeText.js';

test('a mode is named in the language of the page, and one that the page does not know in the words of the server', () => {
  expect(modeText(en, 'fast', 'As the server says.').name).toBe('Fast');
  expect(modeText(de, 'fast', 'As the server says.')).toEqual({
    name: 'Schnell',
    purpose: de.settings.modePurposes.fast,
  });
  expect(modeText(de, 'whisper', 'As the server says.')).toEqual({ name: 'whisper', purpose: 'As the server says.' });
  expect(modeText(de, 'toString').name).toBe('toString');
});
