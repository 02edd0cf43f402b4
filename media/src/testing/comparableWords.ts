import { plainWord, splitWords } from '../speech/stabilizer/index.js';

/** The words of a text as they are compared: lower case, without punctuation, hyphens between words are spaces. */
export function comparableWords(text: string): string[] {
  return splitWords(text.replace(/[-–—/]+/gu, ' '))
    .map(plainWord)
    .filter((word) => word !== '');
}
