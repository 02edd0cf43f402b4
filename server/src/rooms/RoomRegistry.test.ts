import { ParleyError, type SpeechOverrides } from '@parley/client-sdk/protocol';
import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Identity } from '../auth/Authenticator.js';
import type { SettingsInput } from '../config/settings.js';
import { settingsSchema } from '../config/settings.js';
import { NO_AUDIT } from '../observability/AuditLog.js';
import { segmentOf } from '../store/conformance/transcriptStoreSuite.js';
import { SlowTranscriptStore } from '../store/testing/SlowTranscriptStore.js';
import type { Room } from './Room.js';
import { RoomRegistry } from './RoomRegistry.js';
import { Client, FakeMedia, MEMBER, model, status } from './testing/RoomRig.js';

const END_DELAY_MS = 60_000;

/** Counts the ends that it was told. */
class CountingStore extends SlowTranscriptStore {
  readonly ended: string[] = [];

  override async end(meetingId: string): Promise<void> {
    this.ended.push(meetingId);
  }
}

let time: ManualTime;
let store: CountingStore;
let media: FakeMedia;
let rooms: RoomRegistry;
beforeEach(() => registryWith({ limits: { rooms: 2 } }));

function registryWith(settings: SettingsInput): void {
  time = new ManualTime();
  store = new CountingStore();
  media = new FakeMedia();
  rooms = new RoomRegistry({
    media: media.node,
    model,
    settings: settingsSchema.parse({ meetingEndDelayMs: END_DELAY_MS, ...settings }),
    logger: pino({ level: 'silent' }),
    transcripts: store,
    transcription: () => status,
    observer: { interim() {}, final() {}, gap() {}, audio() {} },
    audit: NO_AUDIT,
    overload: () => undefined,
    time,
  });
}

const turns = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
interface How {
  name?: string;
  address?: string;
  /** Has a token for this room. */
  withToken?: boolean;
  nameSource?: Identity['nameSource'];
  settings?: SpeechOverrides;
}
function join(room: string, how: How = {}) {
  const { name = 'Ada', address = '192.0.2.1', withToken = false, nameSource = 'guest', settings } = how;
  const of = { issuer: 'guest', subject: name, displayName: name, nameSource, roles: [] };
  const identity: Identity = withToken ? { ...of, room: { name: room, grants: MEMBER } } : of;
  const { channel } = new Client();
  return rooms.enter({ room, identity, address, settings }, (standing) => ({
    room: standing,
    ...standing.join({ peerId: `${name}-${Math.random()}`, identity, grants: new Set(MEMBER), channel, settings }),
  }));
}
const codeOf = (joining: Promise<unknown>): Promise<string> =>
  joining.then(
    () => 'ok',
    (error: ParleyError) => error.code,
  );
async function say(room: Room, id: string): Promise<void> {
  const { meeting } = room;
  meeting.transcript.commit(segmentOf(id, { meetingId: meeting.meetingId }), () => {});
  await meeting.transcript.settled();
}

describe('the rooms of a node', () => {
  test('are one for all who join at once', async () => {
    const [one, two] = await Promise.all([join('daily'), join('daily', { name: 'Ben' })]);
    expect(one.room).toBe(two.room);
    expect(rooms.size).toBe(1);
    expect(await rooms.find('daily')).toBe(one.room);
    expect(rooms.find('weekly')).toBeUndefined();
  });

  test('are so many at most, and take no more at the shutdown', async () => {
    await Promise.all([join('a'), join('b')]);
    expect(await codeOf(join('c'))).toBe('TOO_MANY_ROOMS');
    await rooms.close(new ParleyError('SERVER_SHUTTING_DOWN'));
    expect(await codeOf(join('a'))).toBe('SERVER_SHUTTING_DOWN');
  });

  test('H3 are not made for settings that are refused: 205 joins leave no room, and others can open one', async () => {
    registryWith({});
    const settings = { nope: 1 } as SpeechOverrides;
    for (let count = 0; count < 205; count += 1) {
      expect(await codeOf(join(`r${count}`, { settings }))).toBe('INVALID_SETTINGS');
    }
    expect([rooms.size, media.sfuRooms, store.ended.length]).toEqual([0, 0, 0]);
    expect(await codeOf(join('daily', { name: 'Ben' }))).toBe('ok');
    // Of a room that stands they are refused as before.
    expect(await codeOf(join('daily', { settings }))).toBe('INVALID_SETTINGS');
    expect(rooms.size).toBe(1);
  });

  test('H3 end at once when all on their way in got lost', async () => {
    registryWith({});
    const lost = () => {
      throw new ParleyError('CONNECTION_LOST');
    };
    const visit = {
      room: 'daily',
      identity: { issuer: 'guest', subject: 's', displayName: 'S', nameSource: 'guest' as const, roles: [] },
      address: 'a',
    };
    const [first, second] = [rooms.enter(visit, lost), rooms.enter(visit, lost)];
    expect(await codeOf(first)).toBe('CONNECTION_LOST');
    expect(await codeOf(second)).toBe('CONNECTION_LOST');
    await turns();
    expect([rooms.size, store.ended.length, time.pendingTimers]).toEqual([0, 1, 0]);
    expect(media.closedSfuRooms).toEqual([1]);
  });

  test('H3 stay for those who are still on their way in when others got lost', async () => {
    registryWith({});
    const [lost, ada] = [join('daily', { settings: { nope: 1 } as SpeechOverrides }), join('daily')];
    expect(await codeOf(lost)).toBe('INVALID_SETTINGS');
    expect((await ada).room.peerCount).toBe(1);
    expect(rooms.size).toBe(1);
  });

  test('H3 are so many of one person and so many of one address, and come back when one has ended', async () => {
    registryWith({ limits: { roomsPerPerson: 2, roomsPerAddress: 3 }, rooms: { listed: {} } });
    const first = await join('a');
    await join('b');
    expect(await codeOf(join('c'))).toBe('TOO_MANY_OPEN_ROOMS');
    // Rooms that others have opened are open to everybody.
    await join('d', { name: 'Ben', address: '192.0.2.2' });
    expect(await codeOf(join('d'))).toBe('ok');
    expect(await codeOf(join('e', { name: 'Cy' }))).toBe('ok');
    expect(await codeOf(join('f', { name: 'Dan' }))).toBe('TOO_MANY_OPEN_ROOMS');
    // What somebody vouches for is on nobody's account.
    expect(await codeOf(join('listed'))).toBe('ok');
    expect(await codeOf(join('minted', { withToken: true }))).toBe('ok');
    first.room.leave(first.peer, 'left');
    expect(await codeOf(join('c'))).toBe('TOO_MANY_OPEN_ROOMS');
    await time.advanceAsync(END_DELAY_MS + 1_000, 1_000);
    expect(await codeOf(join('c'))).toBe('ok');
  });

  test('H3 of 205 guests at one address are 30, and everybody else can still open one', async () => {
    registryWith({});
    const codes = await Promise.all(
      Array.from({ length: 205 }, (_, index) => codeOf(join(`r${index}`, { name: `guest ${index}` }))),
    );
    expect(codes.filter((code) => code === 'ok')).toHaveLength(30);
    expect(new Set(codes)).toEqual(new Set(['ok', 'TOO_MANY_OPEN_ROOMS']));
    expect(await codeOf(join('daily', { name: 'Ben', address: '192.0.2.2' }))).toBe('ok');
  });

  test('H3 of people who signed in are not counted by address: an office of hundreds may be behind it', async () => {
    registryWith({});
    const office = { address: '203.0.113.7', nameSource: 'signedIn' } as const;
    const codes = [];
    for (let each = 0; each < 35; each += 1)
      codes.push(await codeOf(join(`r${each}`, { ...office, name: `p${each}` })));
    expect(new Set(codes)).toEqual(new Set(['ok']));
    expect(await codeOf(join('guest', { address: office.address, name: 'guest' }))).toBe('ok');
  });

  test('H3 are only those of the settings file and of room tokens where the settings say so', async () => {
    registryWith({ onlyListedRooms: true, rooms: { daily: {} } });
    expect(await codeOf(join('weekly'))).toBe('ROOM_NOT_LISTED');
    expect(await codeOf(join('constructor'))).toBe('ROOM_NOT_LISTED');
    expect(await codeOf(join('daily'))).toBe('ok');
    expect(await codeOf(join('minted', { withToken: true }))).toBe('ok');
    expect(await codeOf(join('minted'))).toBe('ok');
  });
});

describe('a meeting', () => {
  test('waits for those who come back, with its transcript and their ids', async () => {
    const before = await join('daily');
    const { room } = before;
    await say(room, 's1');
    room.leave(before.peer, 'left');
    await time.advanceAsync(END_DELAY_MS - 1, 1_000);
    const after = await join('daily');
    expect(after.joined).toMatchObject({
      meetingId: before.joined.meetingId,
      participantId: before.joined.participantId,
      lastSeq: 1,
    });
    await time.advanceAsync(2 * END_DELAY_MS, 1_000);
    expect([rooms.size, store.ended]).toEqual([1, []]);
  });

  test('is over when nobody came back in time, and the next to join begin another', async () => {
    const before = await join('daily');
    const { room } = before;
    await say(room, 's1');
    room.leave(before.peer, 'left');
    await time.advanceAsync(END_DELAY_MS + 1_000, 1_000);
    await turns();
    expect([rooms.size, store.ended]).toEqual([0, [before.joined.meetingId]]);
    const after = await join('daily');
    expect(after.joined.lastSeq).toBe(0);
    expect(after.joined.meetingId).not.toBe(before.joined.meetingId);
    expect(after.joined.participantId).not.toBe(before.joined.participantId);
  });

  test('is ended in the store once, when everything is in it, whoever ends it', async () => {
    const { room } = await join('daily');
    const { meeting } = room;
    meeting.transcript.commit(segmentOf('s1', { meetingId: meeting.meetingId }), () => {
      expect(store.ended).toEqual([]);
    });
    await Promise.all([room.end(), rooms.close(new ParleyError('SERVER_SHUTTING_DOWN'))]);
    await turns();
    expect(store.ended).toEqual([meeting.meetingId]);
    expect(meeting.transcript.lastSeq).toBe(1);
    expect(time.pendingTimers).toBe(0);
  });
});
