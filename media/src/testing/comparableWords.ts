import { plain as plainWord, splitWords } from '../asr/contract/text/words.js';

/** Titles that may be written in full or as an abbreviation; both are said the same. */
const TITLES = new Map([
  ['mister', 'mr'],
  ['missus', 'mrs'],
  ['doctor', 'dr'],
]);

/**
 * The words of a text in the form in which all scores compare them, both spoken and recognised: lower case, without punctuation and
 * apostrophes (`Don’t` is `dont`); hyphens, dashes and slashes between words are spaces (`cold-hearted` is `cold hearted`); the titles
 * Mister, Missus and Doctor become their abbreviations. Numbers are not rewritten.
 */
export function comparableWords(text: string): string[] {
  return splitWords(text.replace(/[-‐‑–—/]+/gu, ' '))
    .map(plainWord)
    .filter((word) => word !== '')
    .map((word) => TITLES.get(word) ?? word);
}
