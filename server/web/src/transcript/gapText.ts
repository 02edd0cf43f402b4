import type { Segment } from '@parley/client-sdk';
import type { Dictionary } from '../i18n/en.js';

/** Text of a gap in the transcript. */
export function gapText(
  { startMs, endMs, reason }: Pick<Segment, 'startMs' | 'endMs' | 'reason'>,
  { gap, gapReasons, notTranscribed }: Dictionary['transcript'],
): string {
  if (reason === 'offTheRecord' || reason === 'noConsent') return notTranscribed[reason](endMs - startMs);
  return gap(endMs - startMs, gapReasons[reason ?? 'unknown']);
}
