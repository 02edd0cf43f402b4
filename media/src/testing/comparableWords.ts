import { plain as plainWord, splitWords } from '../asr/contract/text/words.js';

/** Titles that one writes in full and another as an abbreviation; both are said the same. */
const TITLES = new Map([
  ['mister', 'mr'],
  ['missus', 'mrs'],
  ['doctor', 'dr'],
]);

/**
 * The words of a text as they are compared, the one rule of all scores, for what was said and what was written alike: lower case,
 * without punctuation and apostrophes (`Don’t` is `dont`); hyphens, dashes and slashes between words are spaces (`cold-hearted` is
 * `cold hearted`); the titles Mister, Missus and Doctor are their abbreviations. Numbers are not rewritten.
 */
export function comparableWords(text: string): string[] {
  return splitWords(text.replace(/[-‐‑–—/]+/gu, ' '))
    .map(plainWord)
    .filter((word) => word !== '')
    .map((word) => TITLES.get(word) ?? word);
}
