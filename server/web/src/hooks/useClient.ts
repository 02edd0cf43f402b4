import type {
  ClientState,
  ConnectionQuality,
  ParleyClient,
  Participant,
  ParticipantLedger,
  Segment,
  SettingsView,
  SpeakerState,
  TranscriptionStatus,
} from '@parley/client-sdk';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { captionsOf } from './captionsOf.js';

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
    return subscribe(client, TRANSCRIPTION_EVENTS, () => setTranscription(client.transcription));
  }, [client]);
  return transcription;
}

const TRANSCRIPTION_EVENTS = [
  'transcriptionChanged',
  'transcriptionDegraded',
  'transcriptionRecovered',
  'stateChanged',
] as const;

/** Ids of those who speak now, or did last. */
export function useActiveSpeakers(client: ParleyClient): readonly string[] {
  const [speakers, setSpeakers] = useState(client.activeSpeakers);
  useEffect(() => {
    setSpeakers(client.activeSpeakers);
    return client.on('activeSpeakersChanged', ({ participantIds }) => setSpeakers(participantIds));
  }, [client]);
  return speakers;
}

/** How well one's own or somebody else's audio comes through; undefined until it has been measured. */
export function useConnectionQuality(client: ParleyClient, participantId: string): ConnectionQuality | undefined {
  const [quality, setQuality] = useState(() => client.connectionQuality(participantId));
  useEffect(() => {
    setQuality(client.connectionQuality(participantId));
    return client.on('connectionQualityChanged', (event) => {
      if (event.participantId === participantId) setQuality(event.quality);
    });
  }, [client, participantId]);
  return quality;
}

/** The books of everybody's audio, kept current. */
export function useLedgers(client: ParleyClient): ParticipantLedger[] {
  const [ledgers, setLedgers] = useState<ParticipantLedger[]>([]);
  useEffect(() => {
    let ended = false;
    const fetchAll = () => {
      // Without an answer the notifications build the books up again.
      client.getLedger().then(
        (all) => ended || setLedgers(all),
        () => {},
      );
    };
    fetchAll();
    const offs = [
      client.on('reconnected', fetchAll),
      client.on('ledgerUpdated', (update) =>
        setLedgers((all) => [...all.filter((one) => keyOf(one) !== keyOf(update)), update]),
      ),
    ];
    return () => {
      ended = true;
      for (const off of offs) off();
    };
  }, [client]);
  return ledgers;
}

function keyOf({ participantId, track }: { participantId: string; track: string }): string {
  return `${participantId} ${track}`;
}

/** What everybody's microphone is doing, as far as it has been told. */
export function useSpeakerStates(client: ParleyClient): ReadonlyMap<string, SpeakerState> {
  const [states, setStates] = useState<ReadonlyMap<string, SpeakerState>>(new Map());
  useEffect(
    () =>
      client.on('speakerStateChanged', ({ participantId, state }) =>
        setStates((all) => new Map(all).set(participantId, state)),
      ),
    [client],
  );
  return states;
}

/** The settings that hold, kept current. */
export function useSettings(client: ParleyClient): SettingsView | undefined {
  const [settings, setSettings] = useState<SettingsView>();
  useEffect(() => {
    let ended = false;
    const fetchAll = () => {
      client.getSettings().then(
        (view) => ended || setSettings(view),
        () => {},
      );
    };
    fetchAll();
    const off = subscribe(client, ['settingsChanged', 'reconnected'], fetchAll);
    return () => {
      ended = true;
      off();
    };
  }, [client]);
  return settings;
}

/** What one may do here, and whether the door is closed. */
export function useAccess(client: ParleyClient): { moderates: boolean; locked: boolean } {
  const read = () => ({ moderates: client.grants.includes('moderate'), locked: client.locked });
  const [access, setAccess] = useState(read);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `read` reads the client alone
  useEffect(() => {
    setAccess(read());
    return subscribe(client, ['grantsChanged', 'roomLockChanged', 'stateChanged'], () => setAccess(read()));
  }, [client]);
  return access;
}

/** What stands in the captions: what is being said and what was said last, oldest first, at most `lines`. */
export function useCaptions(client: ParleyClient, { lines }: { lines: number }): readonly Segment[] {
  return captionsOf(useTranscript(client), lines);
}

type EventName = Parameters<ParleyClient['on']>[0];

function subscribe(client: ParleyClient, names: readonly EventName[], listener: () => void): () => void {
  const offs = names.map((name) => client.on(name, listener));
  return () => {
    for (const off of offs) off();
  };
}
