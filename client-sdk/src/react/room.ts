import { useEffect, useMemo, useState } from 'react';
import type { ClientState } from '../clientEvents.js';
import type { ConnectionQuality } from '../media/qualityOf.js';
import type { ParleyClient } from '../ParleyClient.js';
import type { Grant, Participant, TrackState, TranscriptionStatus } from '../protocol/index.js';
import type { RoomClient } from '../RoomClient.js';
import { type ClientValue, isSameList, useClientValue } from './useClientValue.js';

const STATE: ClientValue<RoomClient, ClientState> = {
  none: 'idle',
  read: (client) => client.state,
  changedBy: [],
};

/** Where the client stands, e.g. `reconnecting`; `idle` without a client. */
export function useClientState(client: RoomClient | undefined): ClientState {
  return useClientValue(client, STATE);
}

const PARTICIPANTS: ClientValue<RoomClient, readonly Participant[]> = {
  none: [],
  read: ({ participants, self }) =>
    [...participants.values()].sort(
      (a, b) =>
        Number(b.participantId === self?.participantId) - Number(a.participantId === self?.participantId) ||
        a.joinedAtMs - b.joinedAtMs,
    ),
  changedBy: ['participantJoined', 'participantUpdated', 'participantLeft', 'speechStarted', 'speechEnded'],
  isSame: isSameList,
};

/**
 * Everybody in the room, oneself first, the others as they came.
 *
 * @example
 * const participants = useParticipants(client);
 * return participants.map(({ participantId, displayName }) => <li key={participantId}>{displayName}</li>);
 */
export function useParticipants(client: RoomClient | undefined): readonly Participant[] {
  return useClientValue(client, PARTICIPANTS);
}

const ACTIVE_SPEAKERS: ClientValue<RoomClient, readonly string[]> = {
  none: [],
  read: (client) => client.activeSpeakers,
  changedBy: ['activeSpeakersChanged'],
};

/** Ids of those who speak now, or did last. */
export function useActiveSpeakers(client: RoomClient | undefined): readonly string[] {
  return useClientValue(client, ACTIVE_SPEAKERS);
}

const TRANSCRIPTION: ClientValue<RoomClient, TranscriptionStatus | undefined> = {
  none: undefined,
  read: (client) => client.transcription,
  changedBy: ['transcriptionChanged', 'transcriptionDegraded', 'transcriptionRecovered'],
};

/** What the recogniser is, and whether it keeps up; undefined before the join. */
export function useTranscription(client: RoomClient | undefined): TranscriptionStatus | undefined {
  return useClientValue(client, TRANSCRIPTION);
}

export interface Access {
  /** What one may do here. */
  grants: readonly Grant[];
  /** Whether one may mute, remove, lock and end. */
  moderates: boolean;
  /** Whether nobody else may come in. */
  locked: boolean;
}

const ACCESS: ClientValue<RoomClient, Access> = {
  none: { grants: [], moderates: false, locked: false },
  read: ({ grants, locked }) => ({ grants, moderates: grants.includes('moderate'), locked }),
  changedBy: ['grantsChanged', 'roomLockChanged'],
  isSame: (a, b) => a.grants === b.grants && a.locked === b.locked,
};

/** What one may do here, and whether the door is closed. */
export function useAccess(client: RoomClient | undefined): Access {
  return useClientValue(client, ACCESS);
}

/** How well one's own or somebody else's audio comes through; undefined until it has been measured. */
export function useConnectionQuality(
  client: ParleyClient | undefined,
  participantId: string,
): ConnectionQuality | undefined {
  const quality = useMemo<ClientValue<ParleyClient, ConnectionQuality | undefined>>(
    () => ({
      none: undefined,
      read: (client) => client.connectionQuality(participantId),
      changedBy: ['connectionQualityChanged'],
      // Its numbers change all the time, and the event comes with another level only.
      isSame: (a, b) => a?.level === b?.level,
    }),
    [participantId],
  );
  return useClientValue(client, quality);
}

/** What everybody's microphone is doing, by participant id: listening, waiting for a wake phrase, transcribing ... */
export function useTrackStates(client: RoomClient | undefined): ReadonlyMap<string, TrackState> {
  const [states, setStates] = useState<ReadonlyMap<string, TrackState>>(() => statesIn(client));
  useEffect(() => {
    setStates(statesIn(client));
    if (client === undefined) return;
    const offs = [
      client.on('stateChanged', () => setStates(statesIn(client))),
      client.on('trackStateChanged', ({ participantId, state }) =>
        setStates((all) => new Map(all).set(participantId, state)),
      ),
      client.on('participantLeft', ({ participantId }) =>
        setStates((all) => new Map([...all].filter(([id]) => id !== participantId))),
      ),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [client]);
  return states;
}

/** As the server told them with the participants. */
function statesIn(client: RoomClient | undefined): ReadonlyMap<string, TrackState> {
  return new Map(
    [...(client?.participants.values() ?? [])].flatMap(({ participantId, state }) =>
      state === undefined ? [] : [[participantId, state] as const],
    ),
  );
}
