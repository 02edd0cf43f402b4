import { useEffect, useMemo, useState } from 'react';
import type { ClientState } from '../clientEvents.js';
import type { ConnectionQuality } from '../media/qualityOf.js';
import type { ParleyClient } from '../ParleyClient.js';
import type {
  ConsentWording,
  Grant,
  Participant,
  TrackState,
  TranscriptionStatus,
  WaitingParticipant,
} from '../protocol/index.js';
import type { RoomClient } from '../RoomClient.js';
import { type ClientValue, isSameList, useClientValue } from './useClientValue.js';

const STATE: ClientValue<RoomClient, ClientState> = {
  none: 'idle',
  read: (client) => client.state,
  changedBy: [],
};

/** The state of the client, e.g. `reconnecting`; `idle` without a client. */
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
 * Everyone in the room: this participant first, the others in the order in which they joined.
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

/** Ids of the current speakers, latest first; the last speaker stays for a moment. */
export function useActiveSpeakers(client: RoomClient | undefined): readonly string[] {
  return useClientValue(client, ACTIVE_SPEAKERS);
}

const TRANSCRIPTION: ClientValue<RoomClient, TranscriptionStatus | undefined> = {
  none: undefined,
  read: (client) => client.transcription,
  changedBy: ['transcriptionChanged', 'transcriptionDegraded', 'transcriptionRecovered'],
};

/** State of speech recognition, and whether it keeps up; undefined before the join. */
export function useTranscription(client: RoomClient | undefined): TranscriptionStatus | undefined {
  return useClientValue(client, TRANSCRIPTION);
}

export interface Access {
  /** What this participant may do in the room. */
  grants: readonly Grant[];
  /** Whether they may mute and remove others, lock the room and end the meeting. */
  moderates: boolean;
  /** Whether the room is locked for others. */
  locked: boolean;
  /** Whether newcomers wait until a moderator admits them. */
  waitingRoom: boolean;
}

const ACCESS: ClientValue<RoomClient, Access> = {
  none: { grants: [], moderates: false, locked: false, waitingRoom: false },
  read: ({ grants, locked, waitingRoom }) => ({
    grants,
    moderates: grants.includes('moderate'),
    locked,
    waitingRoom,
  }),
  changedBy: ['grantsChanged', 'roomLockChanged', 'waitingRoomChanged'],
  isSame: (a, b) => a.grants === b.grants && a.locked === b.locked && a.waitingRoom === b.waitingRoom,
};

const WAITING: ClientValue<RoomClient, readonly WaitingParticipant[]> = {
  none: [],
  read: (client) => client.waiting,
  changedBy: ['waitingChanged'],
};

/** For moderators: who waits to be admitted, the longest first. */
export function useWaiting(client: RoomClient | undefined): readonly WaitingParticipant[] {
  return useClientValue(client, WAITING);
}

/** What this participant may do in the room, and whether it is locked. */
export function useAccess(client: RoomClient | undefined): Access {
  return useClientValue(client, ACCESS);
}

export interface RecordState {
  /** Whether this participant paused their own transcription. */
  offTheRecord: boolean;
  /** Whether a moderator paused the transcription of everyone. */
  roomOffTheRecord: boolean;
  /** The wording of the consent, if the room requires one. */
  consent: ConsentWording | undefined;
  /** The same while this participant has not consented. */
  consentNeeded: ConsentWording | undefined;
}

const RECORD: ClientValue<RoomClient, RecordState> = {
  none: { offTheRecord: false, roomOffTheRecord: false, consent: undefined, consentNeeded: undefined },
  read: ({ offTheRecord, roomOffTheRecord, consent, consentNeeded }) => ({
    offTheRecord,
    roomOffTheRecord,
    consent,
    consentNeeded,
  }),
  changedBy: ['participantUpdated', 'roomOffTheRecordChanged', 'roomConsentChanged'],
  isSame: (a, b) =>
    a.offTheRecord === b.offTheRecord &&
    a.roomOffTheRecord === b.roomOffTheRecord &&
    a.consent === b.consent &&
    a.consentNeeded === b.consentNeeded,
};

/** Whether this participant is transcribed, and what stands against it. Others: `Participant.notTranscribed`. */
export function useRecord(client: RoomClient | undefined): RecordState {
  return useClientValue(client, RECORD);
}

/** Latest measured connection quality of a participant, including this one; undefined until measured. */
export function useConnectionQuality(
  client: ParleyClient | undefined,
  participantId: string,
): ConnectionQuality | undefined {
  const quality = useMemo<ClientValue<ParleyClient, ConnectionQuality | undefined>>(
    () => ({
      none: undefined,
      read: (client) => client.connectionQuality(participantId),
      changedBy: ['connectionQualityChanged'],
      // The numbers change all the time, but the event is only emitted for a new level.
      isSame: (a, b) => a?.level === b?.level,
    }),
    [participantId],
  );
  return useClientValue(client, quality);
}

/** State of every participant's track, by participant id: listening, waiting for a wake phrase, transcribing ... */
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

/** As sent by the server with the participants. */
function statesIn(client: RoomClient | undefined): ReadonlyMap<string, TrackState> {
  return new Map(
    [...(client?.participants.values() ?? [])].flatMap(({ participantId, state }) =>
      state === undefined ? [] : [[participantId, state] as const],
    ),
  );
}
