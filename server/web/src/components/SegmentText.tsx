import type { Segment } from '@parley/client-sdk';
import { settledText } from '../text.js';

/** Settled words stand firm; those that the next interim may change are dimmed. */
export function SegmentText({ segment }: { segment: Segment }) {
  const { settled, open } = settledText(segment);
  return (
    <>
      {settled}
      {open === '' ? null : <span className="open">{open}</span>}
    </>
  );
}
