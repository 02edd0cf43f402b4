import { ParleyError } from '@parley/client-sdk/protocol';
import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { settingsSchema } from '../config/settings.js';
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
let rooms: RoomRegistry;
beforeEach(() => {
  time = new ManualTime();
  store = new CountingStore();
  rooms = new RoomRegistry({
    media: new FakeMedia().node,
    model,
    settings: settingsSchema.parse({ meetingEndDelayMs: END_DELAY_MS, limits: { rooms: 2 } }),
    logger: pino({ level: 'silent' }),
    transcripts: store,
    transcription: () => status,
    observer: { interim() {}, final() {}, gap() {}, audio() {} },
    overload: () => undefined,
    time,
  });
});

const turns = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
function join(room: Room, name = 'Ada') {
  const identity = { issuer: 'guest', subject: name, displayName: name, nameSource: 'guest' as const, roles: [] };
  const { channel } = new Client();
  return room.join({ peerId: `${name}-${Math.random()}`, identity, grants: new Set(MEMBER), channel });
}
async function say(room: Room, id: string): Promise<void> {
  const { meeting } = room;
  meeting.transcript.commit(segmentOf(id, { meetingId: meeting.meetingId }), () => {});
  await meeting.transcript.settled();
}

describe('the rooms of a node', () => {
  test('are one for all who join at once', async () => {
    const [one, two] = await Promise.all([rooms.open('daily'), rooms.open('daily')]);
    expect(one).toBe(two);
    expect(rooms.size).toBe(1);
    expect(await rooms.find('daily')).toBe(one);
    expect(rooms.find('weekly')).toBeUndefined();
  });

  test('are so many at most, and take no more at the shutdown', async () => {
    await Promise.all([rooms.open('a'), rooms.open('b')]);
    await expect(rooms.open('c')).rejects.toMatchObject({ code: 'TOO_MANY_ROOMS' });
    await rooms.close(new ParleyError('SERVER_SHUTTING_DOWN'));
    await expect(rooms.open('a')).rejects.toMatchObject({ code: 'SERVER_SHUTTING_DOWN' });
  });
});

describe('a meeting', () => {
  test('waits for those who come back, with its transcript and their ids', async () => {
    const room = await rooms.open('daily');
    const before = join(room);
    await say(room, 's1');
    room.leave(before.peer, 'left');
    await time.advanceAsync(END_DELAY_MS - 1, 1_000);
    const again = await rooms.open('daily');
    const after = join(again);
    expect(after.joined).toMatchObject({
      meetingId: before.joined.meetingId,
      participantId: before.joined.participantId,
      lastSeq: 1,
    });
    await time.advanceAsync(2 * END_DELAY_MS, 1_000);
    expect([rooms.size, store.ended]).toEqual([1, []]);
  });

  test('is over when nobody came back in time, and the next to join begin another', async () => {
    const room = await rooms.open('daily');
    const before = join(room);
    await say(room, 's1');
    room.leave(before.peer, 'left');
    await time.advanceAsync(END_DELAY_MS + 1_000, 1_000);
    await turns();
    expect([rooms.size, store.ended]).toEqual([0, [before.joined.meetingId]]);
    const after = join(await rooms.open('daily'));
    expect(after.joined.lastSeq).toBe(0);
    expect(after.joined.meetingId).not.toBe(before.joined.meetingId);
    expect(after.joined.participantId).not.toBe(before.joined.participantId);
  });

  test('is ended in the store once, when everything is in it, whoever ends it', async () => {
    const room = await rooms.open('daily');
    join(room);
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

  test('of which nobody came in after all is over, too', async () => {
    await rooms.open('daily');
    await time.advanceAsync(END_DELAY_MS + 1_000, 1_000);
    await turns();
    expect([rooms.size, store.ended.length, time.pendingTimers]).toEqual([0, 1, 0]);
  });
});
