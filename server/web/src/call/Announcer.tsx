import type { ParleyClient, Segment } from '@parley/client-sdk';
import { useEffect, useState } from 'react';
import { useText } from '../i18n/I18n.js';
import { gapText } from '../transcript/gapText.js';

/** A screen reader reads what is added; what is older has been read. */
const KEPT = 3;

/**
 * Says each entry once, when it is final: what is still changing would be said again and again. What was said before one came is no
 * news.
 */
export function Announcer({ client }: { client: ParleyClient }) {
  const { transcript } = useText().text;
  const [said, setSaid] = useState<readonly Segment[]>([]);
  useEffect(
    () =>
      client.transcript.on('segmentUpdated', ({ segment, live }) => {
        if (live && segment.status !== 'interim') setSaid((before) => [...before, segment].slice(-KEPT));
      }),
    [client],
  );
  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-label={transcript.live} data-testid="announcer">
      {said.map((segment) => (
        <p key={segment.id}>
          {segment.displayName}:{' '}
          {segment.status === 'gap' ? (
            gapText(segment, transcript)
          ) : (
            <span lang={segment.language === '' ? undefined : segment.language}>{segment.text}</span>
          )}
        </p>
      ))}
    </div>
  );
}
