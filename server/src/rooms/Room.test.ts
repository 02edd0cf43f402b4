import { randomUUID } from 'node:crypto';
import {
  GRANTS,
  type Grant,
  type NotificationName,
  type Notifications,
  ParleyError,
  type TranscriptionStatus,
} from '@parley/client-sdk/protocol';
import type { MediaNode, PipelineEvent, SpeechSettings } from '@parley/media';
import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type SettingsInput, settingsSchema } from '../config/settings.js';
import { MemoryTranscriptLog } from '../transcripts/MemoryTranscriptLog.js';
import type { Peer } from './Peer.js';
import { Room } from './Room.js';

const status: TranscriptionStatus = {
  state: 'ready',
  mode: 'balanced',
  model: { name: 'fake', demo: true },
  engine: { name: 'fake', device: 'cpu', deviceName: 'fake' },
};

/** The media of a room that carries nothing. */
class FakeMedia {
  settings: SpeechSettings | undefined;
  speakers = new Map<string, SpeechSettings | undefined>();
  diagnostics: boolean[] = [];
  closed: string[] = [];
  paused: [string, boolean][] = [];
  muted: [string, boolean][] = [];
  /** Resolves when the pipeline has made text of everything. */
  drained: Promise<void> = Promise.resolve();
  onEvent: (event: PipelineEvent) => void = () => {};
  #producers = 0;

  readonly node = {
    createSfuRoom: async () => ({
      rtpCapabilities: {},
      counts: { transports: 0, producers: 0, consumers: 0 },
      transportsOf: () => [{ direction: 'send' }],
      produce: async () => ({ producerId: `producer${++this.#producers}` }),
      createTransport: async () => ({ transportId: 'transport' }),
      restartIce: async () => ({ usernameFragment: 'u', password: 'p' }),
      consume: async ({ producerId }: { producerId: string }) => ({
        consumerId: 'consumer',
        producerId,
        rtpParameters: {},
      }),
      closeOwner: (_: string, only?: string) => void this.closed.push(only ?? 'all'),
      producersOf: () => [],
      closeProducer: ({ producerId }: { producerId: string }) => void this.closed.push(producerId),
      setProducerPaused: async ({ producerId, paused }: { producerId: string; paused: boolean }) =>
        void this.paused.push([producerId, paused]),
      close: () => {},
    }),
    createPipeline: ({ settings, onEvent }: { settings: SpeechSettings; onEvent: FakeMedia['onEvent'] }) => {
      this.settings = settings;
      this.onEvent = onEvent;
      return {
        open: async () => {},
        close: () => this.drained,
        addSpeaker: async (speaker: { speakerId: string; settings?: SpeechSettings }) =>
          void this.speakers.set(speaker.speakerId, speaker.settings),
        removeSpeaker: async (speakerId: string) => void this.speakers.delete(speakerId),
        setMuted: async ({ speakerId, muted }: { speakerId: string; muted: boolean }) =>
          void this.muted.push([speakerId, muted]),
        settingsChanged: (changed: SpeechSettings) => {
          this.settings = changed;
        },
        setSpeakerSettings: (change: { speakerId: string; settings: SpeechSettings | undefined }) =>
          this.speakers.set(change.speakerId, change.settings),
        setDiagnostics: (on: boolean) => this.diagnostics.push(on),
        ledgers: async () => [],
      };
    },
  } as unknown as MediaNode;
}

class Client {
  readonly told: { name: NotificationName; notification: unknown }[] = [];
  readonly channel = {
    notify: <N extends NotificationName>(name: N, notification: Notifications[N]) =>
      void this.told.push({ name, notification }),
    disconnect: (error: ParleyError) => void this.told.push({ name: 'dismissed', notification: error.code }),
  };

  of(name: NotificationName): unknown[] {
    return this.told.filter((each) => each.name === name).map(({ notification }) => notification);
  }
}

let media: FakeMedia;
let time: ManualTime;
let room: Room;
const rooms: Room[] = [];

async function open(settings: SettingsInput = {}): Promise<Room> {
  media = new FakeMedia();
  time = new ManualTime();
  const made = await Room.create({
    name: 'daily',
    media: media.node,
    meetingId: `m_${randomUUID()}`,
    transcript: new MemoryTranscriptLog({ capacity: 100 }),
    transcription: () => status,
    settings: settingsSchema.parse(settings),
    logger: pino({ level: 'silent' }),
    observer: { interim() {}, final() {}, gap() {}, audio() {} },
    onEmpty: () => {},
    time,
  });
  rooms.push(made);
  return made;
}

const MEMBER: readonly Grant[] = ['join', 'speak', 'listen', 'readTranscript'];

function join(
  name: string,
  settings?: Parameters<Room['join']>[0]['settings'],
  { grants = MEMBER, issuer = 'guest' }: { grants?: readonly Grant[]; issuer?: string } = {},
) {
  const client = new Client();
  const identity = { issuer, subject: `subject-of-${name}`, displayName: name, roles: [] };
  const peerId = `${name}-${Math.random()}`;
  return { client, ...room.join({ peerId, identity, grants: new Set(grants), channel: client.channel, settings }) };
}

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof ParleyError ? error.code : String(error);
  }
};

const produce = (peer: Peer) =>
  room.produce(peer, {
    transportId: 't',
    track: 'microphone',
    paused: false,
    rtpParameters: { codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000 }] },
  });

beforeEach(async () => {
  room = await open();
});
afterEach(async () => {
  for (const each of rooms.splice(0)) {
    const closed = each.close({ toWire: () => ({}) } as unknown as ParleyError);
    await time.advanceAsync(3_000, 250);
    await closed;
  }
});

describe('settings of a room', () => {
  test('are those of the deployment and of its part of the file', async () => {
    room = await open({
      speech: { beamSize: 2, hotWords: ['Parley'] },
      rooms: {
        daily: { mode: 'fast', speech: { minSpeechMs: 300 }, hotWords: ['Contoso'] },
        other: { mode: 'accurate' },
      },
    });
    const { joined, peer } = join('Ada');
    expect(joined.transcription.mode).toBe('fast');
    expect(room.settingsFor(peer)).toMatchObject({
      mode: 'fast',
      room: { beamSize: 2, minSpeechMs: 300, endSilenceMs: 350, hotWords: ['Contoso', 'Parley', 'Ada'] },
      mayChangeRoom: true,
    });
    expect(media.settings).toEqual(room.settingsFor(peer).room);
  });

  test('change for everybody at once, and everybody is told the resolved ones', async () => {
    const ada = join('Ada');
    const ben = join('Ben');
    const answer = room.updateSettings(ada.peer, { scope: 'room', settings: { language: 'de' }, mode: 'accurate' });
    expect(answer).toMatchObject({ mode: 'accurate', settings: { language: 'de', beamSize: 5, interimIntervalMs: 0 } });
    expect(media.settings).toEqual(answer.settings);
    for (const { client } of [ada, ben]) {
      expect(client.of('settingsChanged')).toEqual([{ scope: 'room', ...answer }]);
      expect(client.of('transcriptionChanged')).toEqual([{ transcription: { ...status, mode: 'accurate' } }]);
    }
    room.updateSettings(ben.peer, { scope: 'room', settings: { language: null } });
    expect(media.settings?.language).toBe('auto');
    expect(ada.client.of('transcriptionChanged')).toHaveLength(1);
  });

  test('are refused as a whole where one is wrong, and nobody is told', () => {
    const { peer, client } = join('Ada');
    const before = media.settings;
    expect(() => room.updateSettings(peer, { scope: 'room', settings: { beamSize: 9, language: 'de' } })).toThrow(
      expect.objectContaining({ code: 'INVALID_SETTINGS' }),
    );
    expect(() => room.updateSettings(peer, { scope: 'room', settings: {}, mode: 'recording' })).toThrow(
      expect.objectContaining({ code: 'INVALID_SETTINGS' }),
    );
    expect(media.settings).toEqual(before);
    expect(client.of('settingsChanged')).toEqual([]);
  });

  test("are not the members' to change where memberSettings is off, but their own are", async () => {
    room = await open({ memberSettings: false });
    const { peer } = join('Ada');
    expect(room.settingsFor(peer).mayChangeRoom).toBe(false);
    expect(() => room.updateSettings(peer, { scope: 'room', settings: { language: 'de' } })).toThrow(
      expect.objectContaining({ code: 'SETTINGS_FORBIDDEN' }),
    );
    room.updateSettings(peer, { scope: 'participant', settings: { language: 'de' } });
    expect(room.settingsFor(peer)).toMatchObject({ effective: { language: 'de' }, room: { language: 'auto' } });
  });

  test('know the names of those who are here, and forget those who left', () => {
    const ada = join('Ada');
    join('Ben');
    expect(media.settings?.hotWords).toEqual(['Ben', 'Ada']);
    room.leave(ada.peer, 'left');
    expect(media.settings?.hotWords).toEqual(['Ben']);
  });
});

describe('settings of a participant', () => {
  test('hold for their tracks alone, those that are there and those to come, and are told to them alone', async () => {
    const ada = join('Ada');
    const ben = join('Ben');
    await produce(ada.peer);
    await produce(ben.peer);
    const answer = room.updateSettings(ada.peer, { scope: 'participant', settings: { wakePhrases: ['hey parley'] } });
    expect(answer.settings.wakePhrases).toEqual(['hey parley']);
    expect(media.speakers.get('producer1')).toEqual(answer.settings);
    expect(media.speakers.get('producer2')).toBeUndefined();
    expect(ada.client.of('settingsChanged')).toEqual([
      { scope: 'participant', participantId: ada.joined.participantId, ...answer },
    ]);
    expect(ben.client.of('settingsChanged')).toEqual([]);
    room.updateSettings(ada.peer, { scope: 'participant', settings: { wakePhrases: null } });
    expect(media.speakers.get('producer1')).toBeUndefined();
  });

  test("are put over the room's anew when those change", async () => {
    const ada = join('Ada', { language: 'de' });
    await produce(ada.peer);
    expect(media.speakers.get('producer1')).toMatchObject({ language: 'de', beamSize: 1 });
    room.updateSettings(ada.peer, { scope: 'room', settings: { beamSize: 3, language: 'fr' } });
    expect(media.speakers.get('producer1')).toMatchObject({ language: 'de', beamSize: 3 });
  });

  test('can be brought along to the join, and a join with wrong ones is none', () => {
    expect(() => join('Eve', { beamSize: 99 })).toThrow(expect.objectContaining({ code: 'INVALID_SETTINGS' }));
    expect(room.peerCount).toBe(0);
    const { peer } = join('Ada', { language: 'de' });
    expect(room.settingsFor(peer).participant).toEqual({ language: 'de' });
  });

  test('survive a lost connection, not a leave', () => {
    const first = join('Ada', { language: 'de' });
    room.leave(first.peer, 'connectionLost');
    const second = join('Ada');
    expect(room.settingsFor(second.peer).participant).toEqual({ language: 'de' });
    room.leave(second.peer, 'left');
    expect(room.settingsFor(join('Ada').peer).participant).toEqual({});
  });

  test('take no mode', () => {
    const { peer } = join('Ada');
    expect(() => room.updateSettings(peer, { scope: 'participant', settings: {}, mode: 'fast' })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
  });
});

describe('what is told', () => {
  test('to those who join: which run of the server this is, the same in every meeting, and what it can do', async () => {
    const first = join('Ada').joined;
    room = await open();
    const second = join('Ada').joined;
    expect(first.serverId).toMatch(/^[\w-]{16}$/);
    expect([second.serverId, second.meetingId === first.meetingId]).toEqual([first.serverId, false]);
    expect(first.features).toEqual({ recording: false });
  });

  test('diagnostics go to those who asked, and are made only while somebody does', async () => {
    const ada = join('Ada');
    const ben = join('Ben');
    const { producerId } = await produce(ada.peer);
    const speak = () =>
      media.onEvent({
        roomId: '',
        speakerId: producerId,
        type: 'activity',
        activity: { type: 'audioRecorded', segmentId: 's', startMs: 0, endMs: 32, levelDb: -20 },
      });
    room.setDiagnostics(ben.peer, true);
    room.setDiagnostics(ben.peer, true);
    expect(media.diagnostics).toEqual([true]);
    speak();
    expect(ada.client.of('speakerActivity')).toEqual([]);
    expect(ben.client.of('speakerActivity')).toHaveLength(1);
    room.leave(ben.peer, 'left');
    expect(media.diagnostics).toEqual([true, false]);
  });

  test('the state of a track is part of its participant, for those who come later', async () => {
    const ada = join('Ada');
    const { producerId } = await produce(ada.peer);
    media.onEvent({ roomId: '', speakerId: producerId, type: 'stateChanged', state: 'wakeword' });
    expect(ada.client.of('speakerStateChanged')).toHaveLength(1);
    const { joined } = join('Ben');
    expect(joined.participants.map(({ displayName, state }) => [displayName, state])).toEqual([
      ['Ada', 'wakeword'],
      ['Ben', undefined],
    ]);
  });

  test('announces a producer once to somebody whose receiving transport is made at the same moment', async () => {
    const ada = join('Ada');
    const bob = join('Bob');
    await Promise.all([produce(ada.peer), room.createTransport(bob.peer, { direction: 'recv', rtpCapabilities: {} })]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(bob.client.told.filter(({ name }) => name === 'consumerCreated')).toHaveLength(1);
  });
});

describe('the last word', () => {
  /** Longer than what is in flight is waited for. */
  const ARRIVED_MS = 250;

  test('before a mute arrives: others see the mute at once, the audio is cut a moment later', async () => {
    const ada = join('Ada');
    const ben = join('Ben');
    const { producerId } = await produce(ada.peer);
    await room.setProducerPaused(ada.peer, { producerId, paused: true });
    expect(ben.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { muted: true } });
    expect(media.paused).toEqual([]);
    time.advance(ARRIVED_MS - 1);
    // Asked again, it is not put off: nobody can go on speaking as muted.
    await room.setProducerPaused(ada.peer, { producerId, paused: true });
    expect(media.paused).toEqual([]);
    await time.advanceAsync(1);
    expect(media.paused).toEqual([[producerId, true]]);
    expect(media.muted).toEqual([[producerId, true]]);
  });

  test('before a mute is not cut by it when the mute is taken back', async () => {
    const ada = join('Ada');
    const { producerId } = await produce(ada.peer);
    await room.setProducerPaused(ada.peer, { producerId, paused: true });
    await room.setProducerPaused(ada.peer, { producerId, paused: false });
    await time.advanceAsync(10 * ARRIVED_MS);
    expect(media.paused).toEqual([[producerId, false]]);
    expect(ada.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { muted: false } });
  });

  test.each([
    'left',
    'connectionLost',
  ] as const)('of somebody who %s arrives: they are gone at once', async (reason) => {
    const ada = join('Ada');
    const ben = join('Ben');
    const { producerId } = await produce(ada.peer);
    room.leave(ada.peer, reason);
    expect(ben.client.of('participantLeft')).toHaveLength(1);
    expect(media.speakers.has(producerId)).toBe(true);
    expect(media.closed).toEqual([]);
    await time.advanceAsync(ARRIVED_MS);
    expect(media.speakers.has(producerId)).toBe(false);
    expect(media.closed).toEqual(['all']);
  });

  test('before a track is closed arrives', async () => {
    const ada = join('Ada');
    const ben = join('Ben');
    const { producerId } = await produce(ada.peer);
    await room.closeProducer(ada.peer, producerId);
    expect(ben.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { publishing: false } });
    await expect(room.closeProducer(ada.peer, producerId)).rejects.toMatchObject({ code: 'PRODUCER_NOT_FOUND' });
    expect(media.closed).toEqual([]);
    await time.advanceAsync(ARRIVED_MS);
    expect(media.closed).toEqual([producerId]);
    expect(media.speakers.has(producerId)).toBe(false);
  });

  test('of a meeting is told before the meeting is over, to everybody who is in it', async () => {
    const ada = join('Ada');
    await produce(ada.peer);
    let drain: () => void = () => {};
    media.drained = new Promise((resolve) => {
      drain = resolve;
    });
    const ended = room.end();
    await time.advanceAsync(ARRIVED_MS);
    expect(ada.client.of('dismissed' as NotificationName)).toEqual([]);
    expect(codeOf(() => join('Ben'))).toBe('MEDIA_UNAVAILABLE');
    drain();
    await ended;
    expect(ada.client.of('dismissed' as NotificationName)).toEqual(['MEETING_ENDED']);
    expect(time.pendingTimers).toBe(0);
  });

  test('of the last one to leave arrives, however soon the meeting is over after that', async () => {
    const ada = join('Ada');
    const { producerId } = await produce(ada.peer);
    room.leave(ada.peer, 'left');
    const ended = room.end();
    await time.advanceAsync(ARRIVED_MS - 1);
    expect(media.speakers.has(producerId)).toBe(true);
    await time.advanceAsync(1);
    await ended;
    expect(media.speakers.has(producerId)).toBe(false);
  });

  test('of a meeting keeps nobody in it for long', async () => {
    const ada = join('Ada');
    await produce(ada.peer);
    let drain: () => void = () => {};
    media.drained = new Promise((resolve) => {
      drain = resolve;
    });
    const ended = room.end();
    await time.advanceAsync(ARRIVED_MS + 2_000, 250);
    expect(ada.client.of('dismissed' as NotificationName)).toEqual(['MEETING_ENDED']);
    drain();
    await ended;
  });
});

describe('who may come in', () => {
  const MODERATOR = { grants: [...MEMBER, 'moderate'] as const };

  test('to a locked room: nobody else, but those who lost their connection, and moderators', () => {
    const ada = join('Ada');
    room.setLocked(true);
    expect(ada.client.of('roomLockChanged')).toEqual([{ locked: true }]);
    expect(codeOf(() => join('Ben'))).toBe('ROOM_LOCKED');
    room.leave(ada.peer, 'connectionLost');
    const again = join('Ada');
    expect(again.joined.locked).toBe(true);
    room.leave(again.peer, 'left');
    expect(codeOf(() => join('Ada'))).toBe('ROOM_LOCKED');
    expect(codeOf(() => join('Mia', undefined, MODERATOR))).toBeUndefined();
    room.setLocked(false);
    expect(codeOf(() => join('Ben'))).toBeUndefined();
  });

  test('to a locked room not by trying before with settings that are none', () => {
    expect(codeOf(() => join('Eve', { modelSize: 1 } as never))).toBe('INVALID_SETTINGS');
    room.setLocked(true);
    expect(codeOf(() => join('Eve'))).toBe('ROOM_LOCKED');
  });

  test('not whom a moderator removed, for the rest of the meeting', () => {
    const ada = join('Ada');
    const ben = join('Ben');
    room.remove(ben.joined.participantId);
    expect(ben.client.of('dismissed')).toEqual(['REMOVED']);
    expect(ada.client.of('participantLeft')).toEqual([{ participantId: ben.joined.participantId, reason: 'removed' }]);
    expect(codeOf(() => join('Ben'))).toBe('REMOVED');
    expect(codeOf(() => room.remove('p_nobody'))).toBe('PARTICIPANT_NOT_FOUND');
  });

  test('as one who is held until they leave, are replaced, or are taken out', () => {
    const ada = join('Ada');
    expect(room.holds(ada.peer)).toBe(true);
    const again = join('Ada');
    expect([room.holds(ada.peer), room.holds(again.peer)]).toEqual([false, true]);
    room.remove(again.joined.participantId);
    expect(room.holds(again.peer)).toBe(false);
  });

  test('as somebody else where another issuer vouches for the same subject', () => {
    const here = join('Ada', undefined, { issuer: 'https://a.example' });
    const there = join('Ada', undefined, { issuer: 'https://b.example' });
    expect(here.joined.participantId).not.toBe(there.joined.participantId);
    expect(here.client.of('dismissed')).toEqual([]);
  });
});

test('relays are told with credentials made anew, with each transport and each search for another path', async () => {
  room = await open({ turn: { urls: ['turn:relay.example'], secret: 'a shared secret', ttlS: 60 } });
  const { peer, joined } = join('Ada');
  const atFirst = joined.iceServers;
  vi.useFakeTimers({ now: Date.now() + 120_000, toFake: ['Date'] });
  try {
    const made = await room.createTransport(peer, { direction: 'recv', rtpCapabilities: {} });
    vi.setSystemTime(Date.now() + 120_000);
    const again = await room.restartIce(peer, 'transport');
    const endsOf = (servers: { username?: string | undefined }[]) => Number(servers[0]?.username?.split(':')[0]);
    expect(endsOf(made.iceServers)).toBeGreaterThan(endsOf(atFirst) + 100);
    expect(endsOf(again.iceServers)).toBeGreaterThan(endsOf(made.iceServers) + 100);
  } finally {
    vi.useRealTimers();
  }
});

describe('what somebody may not', () => {
  test('have: more transports than the settings allow', async () => {
    room = await open({ limits: { transportsPerPeer: 1 } });
    // The fake has one of each peer for sending already.
    const { peer } = join('Ada');
    await expect(room.createTransport(peer, { direction: 'recv', rtpCapabilities: {} })).rejects.toMatchObject({
      code: 'TOO_MANY_TRANSPORTS',
    });
  });

  test('say: how the others are heard, if they only listen', () => {
    const listener = join('Lis', undefined, { grants: ['join', 'listen', 'readTranscript'] });
    expect(room.settingsFor(listener.peer).mayChangeRoom).toBe(false);
    const change = () => room.updateSettings(listener.peer, { scope: 'room', settings: { language: 'de' } });
    expect(codeOf(change)).toBe('SETTINGS_FORBIDDEN');
    const own = { scope: 'participant', settings: { language: 'de' } } as const;
    expect(codeOf(() => room.updateSettings(listener.peer, own))).toBeUndefined();
    const mia = join('Mia', undefined, { grants: ['join', 'moderate'] });
    expect(room.settingsFor(mia.peer).mayChangeRoom).toBe(true);
  });

  test('read is not told to them', async () => {
    const ada = join('Ada');
    const deaf = join('Ben', undefined, { grants: ['join', 'listen'] });
    const { producerId } = await produce(ada.peer);
    media.onEvent({
      roomId: '',
      speakerId: producerId,
      type: 'activity',
      activity: { type: 'recordingStarted', segmentId: 's', atMs: 0 },
    });
    expect(ada.client.of('speakerActivity')).toHaveLength(1);
    expect(deaf.client.of('speakerActivity')).toEqual([]);
    expect(deaf.client.of('participantUpdated').length).toBeGreaterThan(0);
  });

  test('do any more ends at once: sending, hearing, reading', async () => {
    const ada = join('Ada');
    const ben = join('Ben');
    await produce(ada.peer);
    room.setGrants(ada.peer, new Set(['join']));
    expect(ada.client.of('grantsChanged')).toEqual([{ grants: ['join'] }]);
    expect(media.closed).toEqual(['send', 'recv']);
    expect(ben.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { publishing: false } });
    room.setGrants(ada.peer, new Set(['join']));
    expect(ada.client.of('grantsChanged')).toHaveLength(1);
  });
});

describe('a moderator', () => {
  test('mutes what somebody sends and does not touch what is muted already', async () => {
    const ada = join('Ada');
    const { producerId } = await produce(ada.peer);
    const { participantId } = ada.joined;
    await room.mute(participantId);
    await room.mute(participantId);
    expect(media.paused).toEqual([[producerId, true]]);
    expect(ada.client.of('mutedByModerator')).toEqual([{ producerIds: [producerId] }, { producerIds: [] }]);
  });

  test('may change the settings of a room whose members may not', async () => {
    room = await open({ memberSettings: false });
    const { peer, joined } = join('Mia', undefined, { grants: GRANTS });
    expect(joined.grants).toEqual([...GRANTS]);
    expect(room.settingsFor(peer).mayChangeRoom).toBe(true);
    expect(room.updateSettings(peer, { scope: 'room', settings: {}, mode: 'fast' }).mode).toBe('fast');
  });

  test('mutes somebody without waiting for their last word', async () => {
    const ada = join('Ada');
    const { producerId } = await produce(ada.peer);
    await room.mute(ada.joined.participantId);
    expect(media.muted).toEqual([[producerId, true]]);
    expect(ada.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { muted: true } });
  });

  test('takes somebody’s media away without waiting for their last word', async () => {
    const ben = join('Ben');
    await produce(ben.peer);
    room.remove(ben.joined.participantId);
    expect(media.closed).toEqual(['all']);
  });

  test('ends the meeting for everybody', async () => {
    const ada = join('Ada');
    await room.end();
    expect(ada.client.of('dismissed')).toEqual(['MEETING_ENDED']);
  });
});
