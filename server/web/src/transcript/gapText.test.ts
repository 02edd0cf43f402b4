import { expect, test } from 'vitest';
import { de } from '../i18n/de.js';
import { en } from '../i18n/en.js';
import { gapText } from './gapText.js';

test('a gap says how much is missing and why, in the language of the page', () => {
  const gap = { startMs: 1_000, endMs: 4_200, reason: 'overloaded' as const };
  expect(gapText(gap, en.transcript)).toBe('3 s of speech missing: the server was overloaded');
  expect(gapText(gap, de.transcript)).toContain('3 s');
  expect(gapText({ startMs: 0, endMs: 10 }, en.transcript)).toBe('1 s of speech missing: unknown reason');
});

test('H11 what was off the record reads as a wish, and not as missing speech', () => {
  const gap = { startMs: 1_000, endMs: 13_000 };
  expect(gapText({ ...gap, reason: 'offTheRecord' }, en.transcript)).toBe('Off the record for 12 s.');
  expect(gapText({ ...gap, reason: 'noConsent' }, de.transcript)).toContain('12 s');
});
