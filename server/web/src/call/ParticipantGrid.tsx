import type { ParleyClient } from '@parley/client-sdk';
import { useAccess, useActiveSpeakers, useParticipants, useTrackStates } from '@parley/client-sdk/react';
import { useRef } from 'react';
import { useText } from '../i18n/I18n.js';
import { ParticipantTile } from './ParticipantTile.js';
import { useColumns } from './useColumns.js';
import type { SpokenLanguage } from './useSpokenLanguages.js';

/** One tile per participant, this one first. */
export function ParticipantGrid(props: {
  client: ParleyClient;
  languages: ReadonlyMap<string, SpokenLanguage>;
  onError: (error: unknown) => void;
}) {
  const { client, languages, onError } = props;
  const { call } = useText().text;
  const participants = useParticipants(client);
  const states = useTrackStates(client);
  const active = useActiveSpeakers(client);
  const { moderates } = useAccess(client);
  const self = client.self?.participantId;
  const mixed = participants.some(({ nameSource }) => nameSource !== undefined && nameSource !== 'guest');
  const grid = useRef<HTMLUListElement>(null);
  const columns = useColumns(grid, participants.length);
  return (
    <section className="people" aria-label={call.participants}>
      <h2 className="small soft">{participants.length === 1 ? call.onlyYou : call.people(participants.length)}</h2>
      <ul className="tiles" ref={grid} style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
        {participants.map((participant) => (
          <ParticipantTile
            key={participant.participantId}
            client={client}
            participant={participant}
            language={languages.get(participant.participantId)}
            asleep={states.get(participant.participantId) === 'wakeword'}
            active={participant.participantId === active[0]}
            isSelf={participant.participantId === self}
            mixed={mixed}
            moderates={moderates}
            onError={onError}
          />
        ))}
      </ul>
    </section>
  );
}
