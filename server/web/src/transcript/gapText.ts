import type { Segment } from '@parley/client-sdk';
import type { Dictionary } from '../i18n/en.js';

/** Text of a gap in the transcript. */
export function gapText(
  { startMs, endMs, reason }: Pick<Segment, 'startMs' | 'endMs' | 'reason'>,
  { gap, gapReasons }: Dictionary['transcript'],
): string {
  return gap(endMs - startMs, gapReasons[reason ?? 'unknown']);
}
