import {
  GRANTS,
  type Grant,
  type NotificationName,
  type Notifications,
  ParleyError,
  type TranscriptionStatus,
} from '@parley/client-sdk/protocol';
import type { MediaNode, PipelineEvent, SpeechSettings } from '@parley/media';
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
      setProducerPaused: async ({ producerId, paused }: { producerId: string; paused: boolean }) =>
        void this.paused.push([producerId, paused]),
      close: () => {},
    }),
    createPipeline: ({ settings, onEvent }: { settings: SpeechSettings; onEvent: FakeMedia['onEvent'] }) => {
      this.settings = settings;
      this.onEvent = onEvent;
      return {
        open: async () => {},
        close: async () => {},
        addSpeaker: async (speaker: { speakerId: string; settings?: SpeechSettings }) =>
          void this.speakers.set(speaker.speakerId, speaker.settings),
        removeSpeaker: async (speakerId: string) => void this.speakers.delete(speakerId),
        settingsChanged: (changed: SpeechSettings) => {
          this.settings = changed;
        },
        setSpeakerSettings: (change: { speakerId: string; settings: SpeechSettings | undefined }) =>
          this.speakers.set(change.speakerId, change.settings),
        setMuted: async () => {},
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
let room: Room;
const rooms: Room[] = [];

async function open(settings: SettingsInput = {}): Promise<Room> {
  media = new FakeMedia();
  const made = await Room.create({
    name: 'daily',
    media: media.node,
    transcript: new MemoryTranscriptLog({ capacity: 100 }),
    transcription: () => status,
    settings: settingsSchema.parse(settings),
    logger: pino({ level: 'silent' }),
    observer: { interim() {}, final() {}, gap() {}, audio() {} },
    onEmpty: () => {},
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
  for (const each of rooms.splice(0)) await each.close({ toWire: () => ({}) } as unknown as ParleyError);
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

  test('ends the meeting for everybody', async () => {
    const ada = join('Ada');
    await room.end();
    expect(ada.client.of('dismissed')).toEqual(['MEETING_ENDED']);
  });
});
