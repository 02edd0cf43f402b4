import type { Segment } from '@parley/client-sdk';
import { captionSegments, hueOf } from '../text.js';
import { SegmentText } from './SegmentText.js';

/** The newest lines, big. Silent for screen readers: the transcript below speaks, once per line. */
export function Captions({ segments }: { segments: readonly Segment[] }) {
  const shown = captionSegments(segments, 3);
  return (
    <section className="captions" aria-hidden="true">
      {shown.length === 0 ? <p className="small">Captions appear here as soon as somebody speaks.</p> : null}
      {shown.map((segment) => (
        <p key={segment.id} className={segment.status} data-testid="caption">
          <span className={`speaker hue-${hueOf(segment.participantId)}`}>{segment.displayName}</span>{' '}
          <SegmentText segment={segment} />
        </p>
      ))}
    </section>
  );
}
