import type { ParleyClient, Segment } from '@parley/client-sdk';
import { useEffect, useState } from 'react';
import { useText } from '../i18n/I18n.js';
import { gapText } from '../transcript/gapText.js';

/** Screen readers read only what is added, so older entries can be removed. */
const KEPT = 3;

/**
 * Announces each entry once, when it is final; changing text would be repeated again and again. Entries from before joining are not
 * announced.
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
