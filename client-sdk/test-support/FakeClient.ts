import type { ClientState, ParleyClientEvents } from '../src/clientEvents.js';
import type { ConnectionQuality } from '../src/media/qualityOf.js';
import type { ParleyClient } from '../src/ParleyClient.js';
import type {
  ConsentWording,
  Grant,
  Participant,
  ParticipantLedger,
  SettingsView,
  TranscriptionStatus,
  WaitingParticipant,
} from '../src/protocol/index.js';
import { TypedEmitter } from '../src/TypedEmitter.js';
import { TranscriptView } from '../src/transcript/TranscriptView.js';

/** The part of a client that hooks read; a test changes it and emits events. */
export class FakeClient extends TypedEmitter<ParleyClientEvents> {
  state: ClientState = 'joined';
  participants = new Map<string, Participant>();
  selfId = 'me';
  activeSpeakers: readonly string[] = [];
  transcription: TranscriptionStatus | undefined;
  grants: readonly Grant[] = [];
  locked = false;
  waitingRoom = false;
  waiting: readonly WaitingParticipant[] = [];
  offTheRecord = false;
  roomOffTheRecord = false;
  consent: ConsentWording | undefined;
  consentNeeded: ConsentWording | undefined;
  qualities = new Map<string, ConnectionQuality>();
  ledgers: () => Promise<ParticipantLedger[]> = async () => [];
  settings: () => Promise<SettingsView> = () => new Promise(() => {});
  closed = false;
  readonly transcript = new TranscriptView({ resume: async () => ({ segments: [], firstSeq: 1, lastSeq: 0 }) });

  /** The type that hooks expect. */
  get asClient(): ParleyClient {
    return this as unknown as ParleyClient;
  }

  get self(): Participant | undefined {
    return this.participants.get(this.selfId);
  }

  tell<Name extends keyof ParleyClientEvents>(name: Name, ...payload: ParleyClientEvents[Name]): void {
    this.emit(name, ...payload);
  }

  enter(state: ClientState): void {
    this.state = state;
    this.emit('stateChanged', { state });
  }

  connectionQuality(participantId: string): ConnectionQuality | undefined {
    return this.qualities.get(participantId);
  }

  getLedger(): Promise<ParticipantLedger[]> {
    return this.ledgers();
  }

  getSettings(): Promise<SettingsView> {
    return this.settings();
  }

  close(): void {
    this.closed = true;
    this.enter('disconnected');
  }
}

export function participant(participantId: string, overrides: Partial<Participant> = {}): Participant {
  const states = { publishing: false, muted: false, speaking: false };
  return { participantId, displayName: participantId, joinedAtMs: 0, ...states, ...overrides };
}
