import { ActiveSpeakers } from './ActiveSpeakers.js';
import type { ParleyClientEvents } from './clientEvents.js';
import type {
  ConsentWording,
  Grant,
  JoinResult,
  Participant,
  TranscriptionStatus,
  WaitingParticipant,
} from './protocol/index.js';
import { Roster } from './Roster.js';
import type { SignalingNotification } from './signaling/SignalingChannel.js';

type Emit = <Name extends keyof ParleyClientEvents>(name: Name, ...payload: ParleyClientEvents[Name]) => void;

/** Notifications that change the state of the room, or are only passed on. The others belong to media or the transcript. */
export type RoomNotification = Exclude<
  SignalingNotification,
  {
    name:
      | 'consumerCreated'
      | 'consumerClosed'
      | 'transportClosed'
      | 'mediaRestarted'
      | 'interimUpdated'
      | 'segmentCommitted'
      | 'interimRetracted'
      | 'mutedByModerator'
      | 'admitted'
      | 'participantMuted'
      | 'transcriptDeleted'
      | 'dismissed';
  }
>;

/** This client's view of its room: participants, speakers, grants, status of the recogniser. */
export class RoomState {
  readonly #emit: Emit;
  readonly #roster = new Roster();
  readonly #speakers: ActiveSpeakers;
  #transcription: TranscriptionStatus | undefined;
  #grants: readonly Grant[] = [];
  #locked = false;
  #waitingRoom = false;
  #roomSecret: string | undefined;
  #roomOffTheRecord = false;
  #consent: ConsentWording | undefined;
  #waiting: readonly WaitingParticipant[] = [];

  constructor(options: { emit: Emit }) {
    this.#emit = options.emit;
    this.#speakers = new ActiveSpeakers({
      onChange: (participantIds) => this.#emit('activeSpeakersChanged', { participantIds }),
    });
  }

  get participants(): ReadonlyMap<string, Participant> {
    return this.#roster.participants;
  }

  get activeSpeakers(): readonly string[] {
    return this.#speakers.participantIds;
  }

  get transcription(): TranscriptionStatus | undefined {
    return this.#transcription;
  }

  get grants(): readonly Grant[] {
    return this.#grants;
  }

  get locked(): boolean {
    return this.#locked;
  }

  get waitingRoom(): boolean {
    return this.#waitingRoom;
  }

  get roomSecret(): string | undefined {
    return this.#roomSecret;
  }

  get roomOffTheRecord(): boolean {
    return this.#roomOffTheRecord;
  }

  /** Present if the room requires consent. */
  get consent(): ConsentWording | undefined {
    return this.#consent;
  }

  get waiting(): readonly WaitingParticipant[] {
    return this.#waiting;
  }

  /** Takes over the server's answer to `join`. After a reconnect, changes are emitted as events. */
  takeOver(joined: JoinResult, { isReturn }: { isReturn: boolean }): void {
    this.#transcription = joined.transcription;
    this.#grants = joined.grants;
    this.#locked = joined.locked;
    this.#waitingRoom = joined.waitingRoom ?? false;
    this.#waiting = joined.waiting ?? [];
    this.#roomSecret = joined.roomSecret;
    this.#roomOffTheRecord = joined.roomOffTheRecord ?? false;
    this.#consent = joined.consent;
    const changes = this.#roster.replace(joined.participants);
    if (isReturn) {
      for (const participantId of changes.left) this.#emit('participantLeft', { participantId, reason: 'left' });
      for (const participant of changes.joined) this.#emit('participantJoined', { participant });
      for (const participant of changes.updated) this.#emit('participantUpdated', { participant });
      this.#emit('transcriptionChanged', { transcription: joined.transcription });
      this.#emit('waitingChanged', { waiting: [...this.#waiting] });
    }
    this.#speakers.replace(joined.participants.filter((each) => each.speaking).map((each) => each.participantId));
  }

  /** The room was left. Status of the recogniser and grants stay readable. */
  clear(): void {
    this.#roster.clear();
    this.#waiting = [];
    this.#roomSecret = undefined;
    this.#roomOffTheRecord = false;
    this.#consent = undefined;
    this.#speakers.clear();
  }

  apply({ name, payload }: RoomNotification): void {
    switch (name) {
      case 'participantJoined':
      case 'participantUpdated':
        this.#roster.set(payload.participant);
        this.#emit(name, payload);
        return;
      case 'participantLeft':
        this.#roster.delete(payload.participantId);
        this.#emit(name, payload);
        this.#speakers.left(payload.participantId);
        return;
      case 'speechStarted':
        this.#roster.setSpeaking({ participantId: payload.participantId, speaking: true });
        this.#emit(name, payload);
        this.#speakers.started(payload.participantId);
        return;
      case 'speechEnded':
        this.#roster.setSpeaking({ participantId: payload.participantId, speaking: false });
        this.#emit(name, payload);
        this.#speakers.ended(payload.participantId);
        return;
      case 'transcriptionDegraded':
        this.#setDegradation(payload);
        this.#emit(name, payload);
        return;
      case 'transcriptionRecovered':
        this.#setDegradation(undefined);
        this.#emit(name, payload);
        return;
      case 'transcriptionChanged':
        this.#transcription = payload.transcription;
        this.#emit(name, payload);
        return;
      case 'grantsChanged':
        this.#grants = payload.grants;
        this.#emit(name, payload);
        return;
      case 'roomLockChanged':
        this.#locked = payload.locked;
        this.#emit(name, payload);
        return;
      case 'waitingRoomChanged':
        this.#waitingRoom = payload.on;
        this.#emit(name, payload);
        return;
      case 'roomOffTheRecordChanged':
        this.#roomOffTheRecord = payload.on;
        this.#emit(name, payload);
        return;
      case 'roomConsentChanged':
        this.#consent = payload.consent;
        this.#emit(name, payload);
        return;
      case 'roomSecretChanged':
        this.#roomSecret = payload.roomSecret;
        this.#emit(name, payload);
        return;
      case 'waitingChanged':
        this.#waiting = payload.waiting;
        this.#emit(name, payload);
        return;
      case 'settingsChanged':
        this.#emit(name, payload);
        return;
      case 'trackStateChanged':
        this.#emit(name, payload);
        return;
      case 'trackActivity':
        this.#emit(name, payload);
        return;
      case 'ledgerUpdated':
        this.#emit(name, payload);
        return;
      case 'tokenExpiring':
        this.#emit(name, payload);
        return;
      case 'muteLifted':
        this.#emit(name);
        return;
    }
  }

  #setDegradation(degradation: TranscriptionStatus['degradation']): void {
    if (this.#transcription === undefined) return;
    const { degradation: _, ...status } = this.#transcription;
    this.#transcription = degradation === undefined ? status : { ...status, degradation };
  }
}
