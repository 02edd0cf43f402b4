import { stripVTControlCharacters } from 'node:util';

const REASON_LENGTH = 300;

/** @param {unknown} error @returns {string} one line, shown before the summary of the tests */
export function reasonOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  // Maven resets colours even when they are turned off.
  const text = stripVTControlCharacters(message).replace(/\s+/g, ' ').trim();
  return text.length <= REASON_LENGTH ? text : `${text.slice(0, REASON_LENGTH - 1)}…`;
}
