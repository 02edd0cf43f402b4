import type { Segment } from '@parley/client-sdk';
import { memo, type ReactNode } from 'react';
import { useText } from '../i18n/I18n.js';
import { settledText } from '../text.js';
import { gapText } from './gapText.js';
import { highlightsOf } from './search.js';

/** Text of a segment. Words that may still change are dimmed; search matches are marked. */
export const SegmentText = memo(function SegmentText(props: { segment: Segment; words?: readonly string[] }) {
  const { segment, words = NO_WORDS } = props;
  const { text } = useText();
  if (segment.status === 'gap') return gapText(segment, text.transcript);
  const { settled, open } = settledText(segment);
  return (
    <bdi lang={segment.language === '' ? undefined : segment.language}>
      {marked(settled, words)}
      {open === '' ? null : <span className="open">{marked(open, words)}</span>}
    </bdi>
  );
});

const NO_WORDS: readonly string[] = [];

function marked(text: string, words: readonly string[]): ReactNode {
  const spans = highlightsOf(text, words);
  if (spans.length === 0) return text;
  const parts: ReactNode[] = [];
  let at = 0;
  for (const { start, end } of spans) {
    parts.push(text.slice(at, start), <mark key={start}>{text.slice(start, end)}</mark>);
    at = end;
  }
  parts.push(text.slice(at));
  return parts;
}
