import { useCaptions, useParley, useParticipants, useTranscript } from '@parley/client-sdk/react';
import { useState } from 'react';
import { JoinForm, type Who } from './JoinForm.js';

export function App() {
  const [who, setWho] = useState<Who>();
  const { client, state, error, rejoin } = useParley(who);
  const participants = useParticipants(client);
  const captions = useCaptions(client, { lines: 2 });
  const segments = useTranscript(client);

  if (who === undefined) return <JoinForm onJoin={setWho} />;
  return (
    <main>
      <p role="status">
        {who.room}: {state}
      </p>
      {error !== undefined && (
        <p role="alert">
          {error.message}{' '}
          <button type="button" onClick={rejoin}>
            Again
          </button>
        </p>
      )}
      <ul>
        {participants.map(({ participantId, displayName, speaking }) => (
          <li key={participantId}>
            {displayName}
            {speaking && ' speaks'}
          </li>
        ))}
      </ul>
      <section aria-label="Captions">
        {captions.map(({ segment }) => (
          <p key={segment.id}>
            <strong>{segment.displayName}</strong> {segment.text}
          </p>
        ))}
      </section>
      <ol aria-label="Transcript">
        {segments.map(({ id, displayName, text, status }) => (
          <li key={id} className={status}>
            {displayName}: {status === 'gap' ? '[inaudible]' : text}
          </li>
        ))}
      </ol>
      <button type="button" onClick={() => setWho(undefined)}>
        Leave
      </button>
    </main>
  );
}
