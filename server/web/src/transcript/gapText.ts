import type { Segment } from '@parley/client-sdk';
import type { Dictionary } from '../i18n/en.js';

/** What stands in the transcript where speech could not be written down. */
export function gapText(
  { startMs, endMs, reason }: Pick<Segment, 'startMs' | 'endMs' | 'reason'>,
  { gap, gapReasons }: Dictionary['transcript'],
): string {
  return gap(endMs - startMs, gapReasons[reason ?? 'unknown']);
}
