import {
  type Grant,
  type NotificationName,
  type Notifications,
  ParleyError,
  type SpeechOverrides,
  type TranscriptionStatus,
} from '@parley/client-sdk/protocol';
import type { NotTranscribed, PipelineEvent, SfuRoom, SfuRoomEvent } from '@parley/media/node';
import type { ModelProfile, SpeechSettings } from '@parley/media/settings';
import { fakeMediaNode, fakePipeline, fakeSfuRoom, ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import type { Identity } from '../../auth/Authenticator.js';
import { type SettingsInput, settingsSchema } from '../../config/settings.js';
import { Meeting } from '../../meetings/Meeting.js';
import type { AuditEvent } from '../../observability/AuditLog.js';
import { MemoryTranscriptStore } from '../../store/memory/MemoryTranscriptStore.js';
import type { Visitor } from '../Door.js';
import type { Peer } from '../Peer.js';
import { Room } from '../Room.js';
import type { Origin } from '../RoomAccess.js';

/** Status of the recogniser in these rooms. */
export const status: TranscriptionStatus = {
  state: 'ready',
  mode: 'balanced',
  model: { name: 'fake', demo: true, source: 'builtIn' },
  engine: { name: 'fake', encoder: 'whispercpp', device: 'cpu', deviceName: 'fake' },
};

/** Supports all languages. */
export const model: ModelProfile = {
  name: 'fake',
  demo: true,
  windowPolicy: 'utterance',
  longestWindowMs: 10_000,
  multilingual: true,
};

/** Fake media of a room. */
export class FakeMedia {
  settings: SpeechSettings | undefined;
  speakers = new Map<string, SpeechSettings | undefined>();
  diagnostics: boolean[] = [];
  closed: string[] = [];
  paused: [string, boolean][] = [];
  muted: [string, boolean][] = [];
  /** What a change of it takes. */
  holdRecord: () => Promise<void> = async () => {};
  /** Why nothing is kept of somebody, by the last command to the pipeline. */
  readonly notTranscribed = new Map<string, NotTranscribed | undefined>();
  onEvent: (event: PipelineEvent) => void = () => {};
  onSfuEvent: (event: SfuRoomEvent) => void = () => {};
  /** Number of routers: one more after each crash of a worker. */
  sfuRooms = 0;
  /** Numbers of the closed ones, from 1. */
  readonly closedSfuRooms: number[] = [];
  /** Number of attempts to use another router that fail. */
  attachFailures = 0;
  #producers = 0;
  /** Resolves when the pipeline has transcribed everything; see `holdBack`. */
  #drained: Promise<void> = Promise.resolve();

  readonly #sfu: Partial<SfuRoom> = {
    rtpCapabilities: {},
    transportsOf: () => [{ transportId: 'transport', direction: 'send' }],
    produce: async () => ({ producerId: `producer${++this.#producers}` }),
    consume: async ({ producerId }) => ({
      consumerId: 'consumer',
      producerId,
      rtpParameters: { codecs: [] },
      producerPaused: false,
    }),
    closeOwner: (_, only) => void this.closed.push(only ?? 'all'),
    closeProducer: ({ producerId }) => void this.closed.push(producerId),
    setProducerPaused: async ({ producerId, paused }) => void this.paused.push([producerId, paused]),
  };

  readonly node = fakeMediaNode({
    createSfuRoom: async ({ onEvent }) => {
      const number = ++this.sfuRooms;
      this.onSfuEvent = onEvent;
      return fakeSfuRoom({ ...this.#sfu, close: () => void this.closedSfuRooms.push(number) });
    },
    createPipeline: ({ settings, onEvent }) => {
      this.settings = settings;
      this.onEvent = onEvent;
      return fakePipeline({
        attach: async () => {
          if (this.attachFailures-- > 0) throw new Error('no tap');
        },
        close: () => this.#drained,
        addTrack: async (track) => {
          this.speakers.set(track.trackId, track.settings);
          this.notTranscribed.set(track.trackId, track.notTranscribed);
        },
        setNotTranscribed: async ({ trackId, reason }) => {
          this.notTranscribed.set(trackId, reason);
          await this.holdRecord();
        },
        removeTrack: async (trackId) => void this.speakers.delete(trackId),
        setMuted: async ({ trackId, muted }) => void this.muted.push([trackId, muted]),
        settingsChanged: (changed) => {
          this.settings = changed;
        },
        setTrackSettings: (change) => void this.speakers.set(change.trackId, change.settings),
        setDiagnostics: (on) => void this.diagnostics.push(on),
      });
    },
  });

  /** Makes the pipeline's end fail, as if its media worker were gone. */
  failToDrain(): void {
    this.#drained = Promise.reject(new Error('no media worker'));
    this.#drained.catch(() => {});
  }

  /** Makes the pipeline return no text until the returned function is called. */
  holdBack(): () => void {
    let drain: () => void = () => {};
    this.#drained = new Promise((resolve) => {
      drain = resolve;
    });
    return drain;
  }
}

/** The channel of a peer. */
export class Client {
  readonly told: { name: NotificationName | 'dismissed'; notification: unknown }[] = [];
  readonly channel = {
    notify: <N extends NotificationName>(name: N, notification: Notifications[N]) =>
      void this.told.push({ name, notification }),
    disconnect: (error: ParleyError) => void this.told.push({ name: 'dismissed', notification: error.code }),
  };

  /** Notifications with a name; `dismissed`: the codes with which the connection was closed. */
  of(name: NotificationName | 'dismissed'): unknown[] {
    return this.told.filter((each) => each.name === name).map(({ notification }) => notification);
  }
}

/** The grants of participants who are not moderators. */
export const MEMBER: readonly Grant[] = ['join', 'speak', 'listen', 'readTranscript'];

/** A room with fake media and a fake clock. */
export class RoomRig {
  readonly media: FakeMedia;
  readonly time: ManualTime;
  readonly room: Room;
  /** What the room itself wrote into the audit log. */
  readonly audited: AuditEvent[];

  private constructor(parts: { media: FakeMedia; time: ManualTime; room: Room; audited: AuditEvent[] }) {
    this.media = parts.media;
    this.time = parts.time;
    this.room = parts.room;
    this.audited = parts.audited;
  }

  /** @param how.meeting default: a new one */
  static async open(settings: SettingsInput = {}, how: { meeting?: Meeting } = {}): Promise<RoomRig> {
    const media = new FakeMedia();
    const time = new ManualTime();
    const logger = pino({ level: 'silent' });
    const store = new MemoryTranscriptStore({ segmentsPerMeeting: 100 });
    const meeting = how.meeting ?? (await Meeting.open({ room: 'daily', store, logger, time }));
    const audited: AuditEvent[] = [];
    const room = await Room.create({
      meeting,
      media: media.node,
      model,
      transcription: () => status,
      // Whoever comes first is one of the members, unless a test is about that.
      settings: settingsSchema.parse({ guestsModerate: false, ...settings }),
      logger,
      observer: { interim() {}, final() {}, gap() {}, audio() {} },
      audit: { record: (event) => void audited.push(event) },
      onEmpty: () => {},
      time,
    });
    return new RoomRig({ media, time, room, audited });
  }

  async close(): Promise<void> {
    const closed = this.room.close(new ParleyError('SERVER_SHUTTING_DOWN'));
    await this.time.advanceAsync(3_000, 250);
    await closed;
  }

  /** @param how.grants default: a member's */
  join(name: string, how: JoinParts & Comer = {}) {
    const client = new Client();
    const peerId = `${name}-${Math.random()}`;
    const { settings, moderatorKey, offTheRecord, consentVersion, ...comer } = how;
    const { channel } = client;
    const asked = { settings, moderatorKey, offTheRecord, consentVersion };
    const joined = this.room.join({ ...visitorOf(name, comer), peerId, channel, ...asked });
    return { client, ...joined };
  }

  /** Somebody who waits at the door, and what they are told. */
  knock(name: string, how: Comer & { connectionId?: string } = {}) {
    const told: string[] = [];
    const { connectionId = name, ...comer } = how;
    const visitor = visitorOf(name, comer);
    this.room.door.knock({
      ...visitor,
      connectionId,
      onAdmitted: () => void told.push('admitted'),
      onDismissed: ({ code }) => void told.push(code),
    });
    return { told, participantId: this.room.meeting.participantIdOf(visitor.identity) };
  }

  produce(peer: Peer, { paused = false } = {}): Promise<{ producerId: string }> {
    return this.room.produce(peer, {
      transportId: 't',
      track: 'microphone',
      paused,
      rtpParameters: { codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000 }] },
    });
  }
}

interface JoinParts {
  settings?: SpeechOverrides;
  moderatorKey?: string;
  offTheRecord?: true;
  consentVersion?: string;
}

/** `grants`: default a member's; of the identity: default a guest's. */
interface Comer extends Partial<Identity> {
  grants?: readonly Grant[];
  origin?: Origin;
  roomSecret?: string;
}

function visitorOf(name: string, { grants = MEMBER, origin, roomSecret, ...known }: Comer): Visitor {
  const guest = { issuer: 'guest', nameSource: 'guest', roles: [] } as const;
  const identity = { ...guest, subject: `subject-of-${name}`, displayName: name, ...known };
  return { identity, grants: new Set(grants), origin, roomSecret };
}

/** The code of the error with which a call fails. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof ParleyError ? error.code : String(error);
  }
}
