import type { Segment } from '@parley/client-sdk';
import { memo, type Ref } from 'react';
import { NameSourceBadge } from '../call/NameSourceBadge.js';
import { OffTheRecordIcon, WarningIcon } from '../design/icons.js';
import { useText } from '../i18n/I18n.js';
import { clockText, voiceOf } from '../text.js';
import { SegmentText } from './SegmentText.js';

/** One entry. `continues`: the previous one is by the same person, so the name is not repeated. */
export const TranscriptRow = memo(function TranscriptRow(props: {
  ref: Ref<HTMLLIElement>;
  segment: Segment;
  index: number;
  count: number;
  startPx: number;
  continues: boolean;
  words: readonly string[];
  current: boolean;
}) {
  const { ref, segment, index, count, startPx, continues, words, current } = props;
  const { id, status, participantId, displayName, startMs, alsoHeardFrom, reason } = segment;
  const isWished = reason === 'offTheRecord' || reason === 'noConsent';
  const { transcript } = useText().text;
  return (
    <li
      ref={ref}
      className={`row ${status} voice-${voiceOf(participantId)}`}
      style={{ transform: `translateY(${startPx}px)` }}
      aria-setsize={count}
      aria-posinset={index + 1}
      aria-current={current ? 'true' : undefined}
      data-index={index}
      data-testid="segment"
      data-segment-id={id}
      data-status={status}
      data-reason={reason}
      data-participant-id={participantId}
    >
      <time>{clockText(startMs)}</time>
      <div>
        <div className={continues ? 'visually-hidden' : 'speaker'}>
          <bdi data-testid="segment-speaker">{displayName}</bdi>
          <NameSourceBadge named={segment} />
        </div>
        <p dir="auto">
          {status !== 'gap' ? null : isWished ? <OffTheRecordIcon /> : <WarningIcon />}
          <span data-testid="segment-text">
            <SegmentText segment={segment} words={words} />
          </span>
        </p>
        {alsoHeardFrom === undefined ? null : (
          <p className="small soft">{transcript.alsoHeardFrom(alsoHeardFrom.displayName)}</p>
        )}
      </div>
    </li>
  );
});
