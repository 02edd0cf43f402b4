import type { ParleyClient } from '@parley/client-sdk';
import { useCaptions } from '@parley/client-sdk/react';
import { useState } from 'react';
import { useText } from '../i18n/I18n.js';
import type { CaptionPreferences } from '../settings/preferences.js';
import { voiceOf } from '../text.js';
import { SegmentText } from '../transcript/SegmentText.js';

/** The newest entries in large text. Hidden from screen readers, because the announcer reads each entry once. */
export function Captions({ client, preferences }: { client: ParleyClient; preferences: CaptionPreferences }) {
  const { size, background, contrast, lines } = preferences;
  const { call } = useText().text;
  const shown = useCaptions(client, { lines: Number(lines) });
  // After the first captions, the hint is no longer needed.
  const [seen, setSeen] = useState(() => client.transcript.getSnapshot().length > 0);
  if (shown.length > 0 && !seen) setSeen(true);
  return (
    <section
      className={`captions ${background === 'dark' || contrast === 'high' ? 'on-dark' : ''}`}
      aria-hidden="true"
      data-testid="captions"
      data-size={size}
      data-entries={lines}
      data-background={background}
      data-contrast={contrast}
    >
      {seen && shown.length === 0 ? null : (
        <div className="captions-box">
          <div className="captions-lines">
            {seen ? null : <p className="captions-empty">{call.captionsEmpty}</p>}
            {shown.map(({ segment }) => (
              <p
                key={segment.id}
                className={`caption ${segment.status} voice-${voiceOf(segment.participantId)}`}
                dir="auto"
                data-testid="caption"
              >
                <bdi className="speaker">{segment.displayName}</bdi> <SegmentText segment={segment} />
              </p>
            ))}
          </div>
        </div>
      )}
    </section>
  );
}
