import type { Participant } from '@parley/client-sdk';
import { hueOf } from '../text.js';

export function Participants({ participants, self }: { participants: Participant[]; self: string | undefined }) {
  return (
    <section aria-label="Participants">
      <h2>{participants.length === 1 ? 'Only you' : `${participants.length} people`}</h2>
      <ul className="participants">
        {participants.map(({ participantId, displayName, muted, publishing, speaking }) => (
          <li
            key={participantId}
            className={`hue-${hueOf(participantId)}`}
            data-testid="participant"
            data-participant-id={participantId}
            data-speaking={speaking}
            data-muted={muted}
          >
            <span className={speaking ? 'dot speaking' : 'dot'} aria-hidden="true" />
            <span className="name">
              {displayName}
              {participantId === self ? ' (you)' : ''}
            </span>
            <span className="small">{!publishing ? 'listens' : muted ? 'muted' : speaking ? 'speaks' : ''}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
