import type { TranscriptionStatus } from '@parley/client-sdk';
import type { Dictionary } from '../i18n/en.js';

/** Which model writes the captions, and where it came from: not a word of that where the server does not say, or the page does not know it. */
export function modelText({ model: words }: Dictionary, { name, source }: TranscriptionStatus['model']): string {
  const line = words.line(name);
  return source !== undefined && Object.hasOwn(words.sources, source) ? `${line} ${words.sources[source]}` : line;
}
