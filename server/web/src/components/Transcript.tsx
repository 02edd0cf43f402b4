import type { Segment } from '@parley/client-sdk';
import { memo, useEffect, useRef, useState } from 'react';
import { clockText, gapText, hueOf } from '../text.js';
import { SegmentText } from './SegmentText.js';

/** How near to its end the list counts as being read at its end. */
const AT_END_PX = 40;

/** All that was said. Follows the newest line until the reader scrolls up. */
export function Transcript({ segments }: { segments: readonly Segment[] }) {
  const list = useRef<HTMLOListElement>(null);
  const [following, setFollowing] = useState(true);

  useEffect(() => {
    if (following && list.current !== null && segments.length > 0) list.current.scrollTop = list.current.scrollHeight;
  }, [segments, following]);

  const onScroll = () => {
    const element = list.current;
    if (element !== null) setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX);
  };

  return (
    <section className="transcript" aria-label="Transcript">
      <h2>Transcript</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable list must be reachable by keyboard */}
      <ol ref={list} onScroll={onScroll} tabIndex={0}>
        {segments.map((segment) => (
          <Row key={segment.id} segment={segment} />
        ))}
      </ol>
      {following ? null : (
        <button type="button" className="newest" onClick={() => setFollowing(true)}>
          Newest ↓
        </button>
      )}
    </section>
  );
}

const Row = memo(function Row({ segment }: { segment: Segment }) {
  const { id, status, participantId, displayName, startMs } = segment;
  return (
    <li
      className={status}
      aria-live={status === 'interim' ? 'off' : 'polite'}
      data-testid="segment"
      data-segment-id={id}
      data-status={status}
      data-participant-id={participantId}
    >
      <time className="small">{clockText(startMs)}</time>
      <span>
        <span className={`speaker hue-${hueOf(participantId)}`} data-testid="segment-speaker">
          {displayName}
        </span>{' '}
        <span data-testid="segment-text">
          {status === 'gap' ? `[${gapText(segment)}]` : <SegmentText segment={segment} />}
        </span>
      </span>
    </li>
  );
});
