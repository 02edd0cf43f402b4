import type { ParleyClient, Participant, SpeakerState } from '@parley/client-sdk';
import { useParticipants, useSpeakerStates } from '../hooks/useClient.js';
import { hueOf } from '../text.js';

export function Participants({ client }: { client: ParleyClient }) {
  const participants = useParticipants(client);
  const states = useSpeakerStates(client);
  const self = client.self?.participantId;
  return (
    <section aria-label="Participants">
      <h2>{participants.length === 1 ? 'Only you' : `${participants.length} people`}</h2>
      <ul className="participants">
        {participants.map((participant) => {
          const { participantId, displayName, muted, speaking } = participant;
          return (
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
              <span className="small">{doing(participant, states.get(participantId))}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function doing({ publishing, muted, speaking }: Participant, state: SpeakerState | undefined): string {
  if (!publishing) return 'listens';
  if (muted) return 'muted';
  if (state === 'wakeword') return 'not written down';
  return speaking ? 'speaks' : '';
}
