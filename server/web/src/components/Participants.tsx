import type { ParleyClient, Participant, SpeakerState } from '@parley/client-sdk';
import { useAccess, useParticipants, useSpeakerStates } from '../hooks/useClient.js';
import { hueOf } from '../text.js';

export function Participants({ client, onError }: { client: ParleyClient; onError: (error: unknown) => void }) {
  const participants = useParticipants(client);
  const states = useSpeakerStates(client);
  const { moderates } = useAccess(client);
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
              {moderates && participantId !== self ? (
                <Moderation client={client} participant={participant} onError={onError} />
              ) : null}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Moderation(props: { client: ParleyClient; participant: Participant; onError: (error: unknown) => void }) {
  const { client, participant, onError } = props;
  const { participantId, displayName, publishing, muted } = participant;
  return (
    <span className="moderation">
      {publishing && !muted ? (
        <button
          type="button"
          data-testid="mute-other-button"
          aria-label={`Mute ${displayName}`}
          onClick={() => client.muteParticipant(participantId).catch(onError)}
        >
          Mute
        </button>
      ) : null}
      <button
        type="button"
        className="danger"
        data-testid="remove-button"
        aria-label={`Remove ${displayName}`}
        onClick={() => client.removeParticipant(participantId).catch(onError)}
      >
        Remove
      </button>
    </span>
  );
}

function doing({ publishing, muted, speaking }: Participant, state: SpeakerState | undefined): string {
  if (!publishing) return 'listens';
  if (muted) return 'muted';
  if (state === 'wakeword') return 'not written down';
  return speaking ? 'speaks' : '';
}
