import type { TranscriptionStatus } from '@parley/client-sdk';
import type { Dictionary } from '../i18n/en.js';

/** The model of the captions and its source; the source is omitted if the server or the page does not know it. */
export function modelText({ model: words }: Dictionary, { name, source }: TranscriptionStatus['model']): string {
  const line = words.line(name);
  return source !== undefined && Object.hasOwn(words.sources, source) ? `${line} ${words.sources[source]}` : line;
}
