import { hypothesisOf } from '@parley/media/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../config/settings.js';
import type { Peer } from './Peer.js';
import { MEMBER, RoomRig } from './testing/RoomRig.js';

let rig: RoomRig;
const open = async (settings: SettingsInput = {}) => {
  rig = await RoomRig.open(settings);
};
beforeEach(() => open());
afterEach(() => rig.close());

/** A minute passes. */
const later = () => rig.time.advance(60_000);
const trackOf = async (peer: Peer) => [...peer.producers.keys()][0] ?? (await rig.produce(peer)).producerId;
/** Something that was said is committed. */
const commit = async (options: { trackId: string; id: string; startMs: number }) => {
  const { trackId, id, startMs } = options;
  const { meeting } = rig.room;
  rig.media.onEvent({
    meetingId: meeting.meetingId,
    trackId,
    type: 'gap',
    segment: { id, startMs, endMs: startMs + 1_000, revision: 1 },
    reason: 'overloaded',
    language: 'en',
  });
  await meeting.transcript.settled();
};
/** Somebody says something now, or `startMs` after the meeting's start. */
const say = async (peer: Peer, id: string, startMs = Math.round(rig.room.meeting.elapsedMs)) =>
  commit({ trackId: await trackOf(peer), id, startMs });
/** What a client reads that asks until it has everything. */
const read = async (peer: Peer) => {
  const ids: string[] = [];
  for (let upTo = 0, asked = 0; ; asked++) {
    if (asked > 20) throw new Error('a client asks without end');
    const { segments, firstSeq, lastSeq } = await rig.room.readers.page(peer, upTo);
    upTo = Math.max(upTo, firstSeq - 1);
    for (const { id, seq } of segments) {
      if (seq === upTo + 1) upTo = seq;
      if (!ids.includes(id)) ids.push(id);
    }
    if (upTo >= lastSeq) return ids;
  }
};
const live = ({ client }: ReturnType<RoomRig['join']>) =>
  (client.of('segmentCommitted') as { segment: { id: string } }[]).map(({ segment }) => segment.id);

describe('an empty room', () => {
  test('H11 gives a newcomer nothing of what was said before, and what is said from then on', async () => {
    const ada = rig.join('Ada');
    await say(ada.peer, 'before');
    later();
    rig.room.leave(ada.peer, 'left');
    const eve = rig.join('Eve');
    expect(eve.joined).toMatchObject({ latecomersRead: 'all', transcriptFromMs: 60_000, lastSeq: 1 });
    expect(await read(eve.peer)).toEqual([]);
    await say(eve.peer, 'after');
    expect([await read(eve.peer), live(eve)]).toEqual([['after'], ['after']]);
  });

  test('H11 gives two newcomers no more than one', async () => {
    const ada = rig.join('Ada');
    await say(ada.peer, 'before');
    later();
    rig.room.leave(ada.peer, 'connectionLost');
    const eve = rig.join('Eve');
    later();
    await say(eve.peer, 'of Eve');
    const eva = rig.join('Eva');
    expect(eva.joined.transcriptFromMs).toBe(60_000);
    expect(await read(eva.peer)).toEqual(['of Eve']);
    // Somebody sees it who was there.
    rig.join('Ada');
    const ben = rig.join('Ben');
    expect(ben.joined).not.toHaveProperty('transcriptFromMs');
    expect(await read(ben.peer)).toEqual(['before', 'of Eve']);
    expect(await read(eve.peer)).toEqual(['of Eve']);
  });

  test.each([
    'left',
    'connectionLost',
  ] as const)('gives everything to somebody who was there and %s', async (reason) => {
    const ada = rig.join('Ada');
    await say(ada.peer, 'before');
    later();
    rig.room.leave(ada.peer, reason);
    const eve = rig.join('Eve');
    await say(eve.peer, 'of Eve');
    const again = rig.join('Ada');
    expect(again.joined).not.toHaveProperty('transcriptFromMs');
    expect(await read(again.peer)).toEqual(['before', 'of Eve']);
  });

  test('H11 sends a newcomer no last words, whenever they become text', async () => {
    const ada = rig.join('Ada');
    await say(ada.peer, 'before');
    const trackId = await trackOf(ada.peer);
    later();
    rig.room.leave(ada.peer, 'left');
    const eve = rig.join('Eve');
    await say(eve.peer, 'first of Eve');
    await commit({ trackId, id: 'last words', startMs: 59_000 });
    await say(eve.peer, 'second of Eve');
    const expected = ['first of Eve', 'second of Eve'];
    expect([await read(eve.peer), live(eve)]).toEqual([expected, expected]);
    const again = rig.join('Ada');
    expect(await read(again.peer)).toEqual(['before', 'first of Eve', 'last words', 'second of Eve']);
  });

  test('H11 answers from outside only those who were there, and administrators', () => {
    const { readers } = rig.room;
    const grants = new Set(MEMBER);
    const identityOf = (name: string) =>
      ({ issuer: 'guest', nameSource: 'guest', roles: [], subject: `subject-of-${name}`, displayName: name }) as const;
    const ada = rig.join('Ada');
    later();
    expect(readers.answers({ identity: identityOf('Eve'), grants })).toBe(true);
    expect(readers.answers({ grants })).toBe(true);
    rig.room.leave(ada.peer, 'left');
    expect(readers.answers({ identity: identityOf('Eve'), grants })).toBe(false);
    expect(readers.answers({ grants })).toBe(false);
    expect(readers.answers({ identity: identityOf('Ada'), grants })).toBe(true);
    expect(readers.answers({ grants: new Set(['administer']) })).toBe(true);
    rig.join('Eve');
    expect(readers.answers({ grants })).toBe(false);
  });
});

describe('a transcript that a moderator deletes', () => {
  test('H11 is gone for everybody, with what is still to become text of it, and goes on', async () => {
    const [ada, ben] = [rig.join('Ada'), rig.join('Ben')];
    await say(ada.peer, 'before');
    later();
    await rig.room.readers.deleteTranscript();
    for (const { client } of [ada, ben]) expect(client.of('transcriptDeleted')).toEqual([{ beforeMs: 60_000 }]);
    await say(ada.peer, 'begun before', 59_500);
    expect(ben.client.of('interimRetracted')).toEqual([{ segmentId: 'begun before' }]);
    expect([await read(ada.peer), await read(ben.peer)]).toEqual([[], []]);
    await say(ada.peer, 'after');
    expect(await read(ada.peer)).toEqual(['after']);
    expect([live(ben), await read(ben.peer)]).toEqual([['before', 'after'], ['after']]);
    const { meeting } = rig.room;
    const stored = await meeting.transcript.page({ afterSeq: 0, limit: 10, maxBytes: 10_000 });
    expect(stored.segments.map(({ id }) => id)).toEqual(['after']);
  });

  test('H11 is not given to those who come back, or come late', async () => {
    const ada = rig.join('Ada');
    await say(ada.peer, 'before');
    later();
    await rig.room.readers.deleteTranscript();
    rig.room.leave(ada.peer, 'connectionLost');
    const again = rig.join('Ada');
    expect(again.joined.transcriptFromMs).toBe(60_000);
    later();
    expect(rig.join('Ben').joined.transcriptFromMs).toBe(60_000);
    expect(rig.room.readers.answers({ grants: new Set(MEMBER) })).toBe(true);
  });
});

describe('latecomers', () => {
  test('read everything while somebody is there, unless a setting says otherwise', async () => {
    const ada = rig.join('Ada');
    await say(ada.peer, 'before');
    later();
    const ben = rig.join('Ben');
    expect(ben.joined.latecomersRead).toBe('all');
    expect(await read(ben.peer)).toEqual(['before']);
  });

  test('H11 read only what is said since they first joined, where the room says so', async () => {
    await open({ rooms: { daily: { latecomersRead: 'sinceJoin' } } });
    const ada = rig.join('Ada');
    expect(ada.joined).toMatchObject({ latecomersRead: 'sinceJoin' });
    await say(ada.peer, 'before');
    later();
    const ben = rig.join('Ben');
    expect(ben.joined).toMatchObject({ latecomersRead: 'sinceJoin', transcriptFromMs: 60_000 });
    // Begun before the join, stored after it.
    await say(ada.peer, 'begun before', 59_500);
    await say(ada.peer, 'after');
    expect([live(ada), live(ben)]).toEqual([['before', 'begun before', 'after'], ['after']]);
    expect(await read(ben.peer)).toEqual(['after']);
    expect(await read(ada.peer)).toEqual(['before', 'begun before', 'after']);
    // A lost connection takes nothing away.
    rig.room.leave(ben.peer, 'connectionLost');
    later();
    await say(ada.peer, 'meanwhile');
    expect(await read(rig.join('Ben').peer)).toEqual(['after', 'meanwhile']);
    expect(rig.room.readers.answers({ grants: new Set(MEMBER) })).toBe(false);
  });

  test('H11 see no interim of a sentence that was begun before they came', async () => {
    await open({ latecomersRead: 'sinceJoin' });
    const ada = rig.join('Ada');
    const { producerId: trackId } = await rig.produce(ada.peer);
    later();
    const ben = rig.join('Ben');
    const interim = (id: string, startMs: number) =>
      rig.media.onEvent({
        meetingId: rig.room.meeting.meetingId,
        trackId,
        type: 'interimUpdated',
        segment: { id, startMs, endMs: startMs + 1_000, revision: 1 },
        hypothesis: hypothesisOf('hello'),
        stableLength: 0,
      });
    interim('begun before', 59_500);
    interim('after', 60_000);
    expect([ada, ben].map(({ client }) => client.of('interimUpdated').length)).toEqual([2, 1]);
  });

  test('read by the setting of their room before that of the server', async () => {
    await open({ latecomersRead: 'sinceJoin', rooms: { daily: { latecomersRead: 'all' } } });
    expect(rig.join('Ada').joined.latecomersRead).toBe('all');
    await open({ latecomersRead: 'sinceJoin', rooms: { constructor: {} } });
    expect(rig.join('Ada').joined.latecomersRead).toBe('sinceJoin');
  });
});
