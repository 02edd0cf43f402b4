import type { ClientState, ParleyClient, Participant, Segment, TranscriptionStatus } from '@parley/client-sdk';
import { useEffect, useState, useSyncExternalStore } from 'react';

/** The transcript, newest last. */
export function useTranscript(client: ParleyClient): readonly Segment[] {
  return useSyncExternalStore(client.transcript.subscribe, client.transcript.getSnapshot);
}

/** Everybody in the room, oneself first, the others as they came. */
export function useParticipants(client: ParleyClient): Participant[] {
  const [participants, setParticipants] = useState(() => participantsOf(client));
  useEffect(() => {
    const update = () => setParticipants(participantsOf(client));
    update();
    return subscribe(client, PARTICIPANT_EVENTS, update);
  }, [client]);
  return participants;
}

const PARTICIPANT_EVENTS = [
  'participantJoined',
  'participantUpdated',
  'participantLeft',
  'speechStarted',
  'speechEnded',
  'stateChanged',
] as const;

function participantsOf(client: ParleyClient): Participant[] {
  const self = client.self?.participantId;
  return [...client.participants.values()].sort(
    (a, b) => Number(b.participantId === self) - Number(a.participantId === self) || a.joinedAtMs - b.joinedAtMs,
  );
}

export function useClientState(client: ParleyClient): ClientState {
  const [state, setState] = useState(client.state);
  useEffect(() => {
    setState(client.state);
    return subscribe(client, ['stateChanged'], () => setState(client.state));
  }, [client]);
  return state;
}

export function useTranscription(client: ParleyClient): TranscriptionStatus | undefined {
  const [transcription, setTranscription] = useState(client.transcription);
  useEffect(() => {
    setTranscription(client.transcription);
    return subscribe(client, ['transcriptionChanged', 'stateChanged'], () => setTranscription(client.transcription));
  }, [client]);
  return transcription;
}

type EventName = Parameters<ParleyClient['on']>[0];

function subscribe(client: ParleyClient, names: readonly EventName[], listener: () => void): () => void {
  const offs = names.map((name) => client.on(name, listener));
  return () => {
    for (const off of offs) off();
  };
}
