import { honestName } from '@parley/client-sdk/protocol/schema';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The start of a name that fits into `mostUnits` UTF-16 units, without splitting a character. */
export function shortName(name: string, mostUnits: number): string {
  if (name.length <= mostUnits) return name;
  let short = '';
  for (const { segment } of graphemes.segment(name)) {
    if (short.length + segment.length > mostUnits) break;
    short += segment;
  }
  return honestName(short);
}
