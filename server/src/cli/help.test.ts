import { stripVTControlCharacters } from 'node:util';
import { MODES } from '@parley/media/settings';
import { expect, test } from 'vitest';
import { helpText, modesText, settingsText } from './help.js';

test('the help lists the modes that can be chosen, each with what it is for', () => {
  const text = stripVTControlCharacters(helpText());
  for (const [name, { purpose, offered }] of Object.entries(MODES)) {
    expect(text.includes(`--mode ${name}`), name).toBe(offered);
    expect(text.includes(purpose), name).toBe(offered);
  }
});

test('the list of modes says what each sets, and which not available yet', () => {
  const text = stripVTControlCharacters(modesText());
  expect(text).toContain(`accurate  ${MODES.accurate.purpose}`);
  expect(text).toContain('    beamSize: 5');
  expect(text).toMatch(/^recording .*\(not available yet\)$/m);
});

test('the list of settings has units, choices and defaults', () => {
  const text = stripVTControlCharacters(settingsText());
  expect(text).toContain('speech.endSilenceMs  --speech-end-silence-ms  PARLEY_SPEECH_END_SILENCE_MS');
  expect(text).toMatch(/Silence that ends an utterance \[ms\] \(default 500\) live/);
});
