import type { Segment } from '@parley/client-sdk';

/** The newest entries with words, oldest first, at most `lines`. Looks at no more of the transcript than it has to. */
export function captionsOf(segments: readonly Segment[], lines: number): Segment[] {
  const shown: Segment[] = [];
  for (let index = segments.length - 1; index >= 0 && shown.length < lines; index--) {
    const segment = segments[index];
    if (segment !== undefined && segment.status !== 'gap') shown.unshift(segment);
  }
  return shown;
}
