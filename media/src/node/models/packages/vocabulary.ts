import { ModelError } from '../ModelError.js';

const END_OF_TEXT = '<|endoftext|>';
/** From here on a model is multilingual. */
const MULTILINGUAL_TOKENS = 51_865;
const MOST_TOKENS = 60_000;

/**
 * The text tokens of a Whisper model as bytes, in order, out of CTranslate2's list. There a byte stands as the character that GPT-2's
 * tokeniser has for it. English-only models list the end of text as well.
 * @param options.text of `vocabulary.txt`, a token a line, or of `vocabulary.json`, a list
 * @throws ModelError for anything else
 */
export function textTokens({ text, format }: { text: string; format: 'lines' | 'json' }): Uint8Array[] {
  const words = format === 'json' ? jsonWords(text) : text.replace(/\n$/, '').split('\n');
  const end = words.indexOf(END_OF_TEXT);
  if (end < 0 || words.length > MOST_TOKENS) throw unfit();
  const bytes = bytesOfCharacters();
  const tokens = words.slice(0, end).map((word) =>
    Uint8Array.from(word, (character) => {
      const byte = bytes.get(character);
      if (byte === undefined) throw unfit();
      return byte;
    }),
  );
  return words.length >= MULTILINGUAL_TOKENS ? tokens : [...tokens, new TextEncoder().encode(END_OF_TEXT)];
}

function jsonWords(text: string): string[] {
  try {
    const words: unknown = JSON.parse(text);
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  } catch (error) {
    throw unfit(error);
  }
  throw unfit();
}

/** Printable characters stand for themselves; all other bytes, in order, for the characters from 256 on. */
function bytesOfCharacters(): Map<string, number> {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173 && byte <= 255);
  const map = new Map<string, number>();
  let others = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    map.set(String.fromCharCode(printable(byte) ? byte : 256 + others), byte);
    if (!printable(byte)) others += 1;
  }
  return map;
}

function unfit(cause?: unknown): ModelError {
  return new ModelError('MODEL_PACKAGE_FAILED', 'The vocabulary in the package is not that of a Whisper model.', {
    cause,
  });
}
