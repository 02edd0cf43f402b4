import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SettingsInput } from '../config/settings.js';
import { codeOf, RoomRig } from './testing/RoomRig.js';

let rig: RoomRig;
async function open(settings?: SettingsInput): Promise<void> {
  await rig?.close();
  rig = await RoomRig.open(settings);
}
beforeEach(() => open());
afterEach(() => rig.close());

describe('the last word', () => {
  /** Longer than what is in flight is waited for. */
  const ARRIVED_MS = 250;

  test('before a mute arrives: others see the mute at once, the audio is cut a moment later', async () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    const { producerId } = await rig.produce(ada.peer);
    await rig.room.setProducerPaused(ada.peer, { producerId, paused: true });
    expect(ben.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { muted: true } });
    expect(rig.media.paused).toEqual([]);
    rig.time.advance(ARRIVED_MS - 1);
    // Asked again, it is not put off: nobody can go on speaking as muted.
    await rig.room.setProducerPaused(ada.peer, { producerId, paused: true });
    expect(rig.media.paused).toEqual([]);
    await rig.time.advanceAsync(1);
    expect(rig.media.paused).toEqual([[producerId, true]]);
    expect(rig.media.muted).toEqual([[producerId, true]]);
  });

  test('before a mute is not cut by it when the mute is taken back', async () => {
    const ada = rig.join('Ada');
    const { producerId } = await rig.produce(ada.peer);
    await rig.room.setProducerPaused(ada.peer, { producerId, paused: true });
    await rig.room.setProducerPaused(ada.peer, { producerId, paused: false });
    await rig.time.advanceAsync(10 * ARRIVED_MS);
    expect(rig.media.paused).toEqual([[producerId, false]]);
    expect(ada.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { muted: false } });
  });

  test.each([
    'left',
    'connectionLost',
  ] as const)('of somebody who %s arrives: they are gone at once', async (reason) => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    const { producerId } = await rig.produce(ada.peer);
    rig.room.leave(ada.peer, reason);
    expect(ben.client.of('participantLeft')).toHaveLength(1);
    expect(rig.media.speakers.has(producerId)).toBe(true);
    expect(rig.media.closed).toEqual([]);
    await rig.time.advanceAsync(ARRIVED_MS);
    expect(rig.media.speakers.has(producerId)).toBe(false);
    expect(rig.media.closed).toEqual(['all']);
  });

  test('before a track is closed arrives', async () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    const { producerId } = await rig.produce(ada.peer);
    await rig.room.closeProducer(ada.peer, producerId);
    expect(ben.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { publishing: false } });
    await expect(rig.room.closeProducer(ada.peer, producerId)).rejects.toMatchObject({ code: 'PRODUCER_NOT_FOUND' });
    expect(rig.media.closed).toEqual([]);
    await rig.time.advanceAsync(ARRIVED_MS);
    expect(rig.media.closed).toEqual([producerId]);
    expect(rig.media.speakers.has(producerId)).toBe(false);
  });

  test('of a meeting is told before the meeting is over, to everybody who is in it', async () => {
    const ada = rig.join('Ada');
    await rig.produce(ada.peer);
    const drain = rig.media.holdBack();
    const ended = rig.room.end();
    await rig.time.advanceAsync(ARRIVED_MS);
    expect(ada.client.of('dismissed')).toEqual([]);
    expect(codeOf(() => rig.join('Ben'))).toBe('MEDIA_UNAVAILABLE');
    drain();
    await ended;
    expect(ada.client.of('dismissed')).toEqual(['MEETING_ENDED']);
    expect(rig.time.pendingTimers).toBe(0);
  });

  test('of the last one to leave arrives, however soon the meeting is over after that', async () => {
    const ada = rig.join('Ada');
    const { producerId } = await rig.produce(ada.peer);
    rig.room.leave(ada.peer, 'left');
    const ended = rig.room.end();
    await rig.time.advanceAsync(ARRIVED_MS - 1);
    expect(rig.media.speakers.has(producerId)).toBe(true);
    await rig.time.advanceAsync(1);
    await ended;
    expect(rig.media.speakers.has(producerId)).toBe(false);
  });

  test('of a meeting keeps nobody in it for long', async () => {
    const ada = rig.join('Ada');
    await rig.produce(ada.peer);
    const drain = rig.media.holdBack();
    const ended = rig.room.end();
    await rig.time.advanceAsync(ARRIVED_MS + 2_000, 250);
    expect(ada.client.of('dismissed')).toEqual(['MEETING_ENDED']);
    drain();
    await ended;
  });

  test('is not waited for where a moderator mutes', async () => {
    const ada = rig.join('Ada');
    const { producerId } = await rig.produce(ada.peer);
    await rig.room.mute(ada.joined.participantId);
    expect(rig.media.muted).toEqual([[producerId, true]]);
    expect(ada.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { muted: true } });
  });

  test('is not waited for where a moderator removes', async () => {
    const ben = rig.join('Ben');
    await rig.produce(ben.peer);
    rig.room.remove(ben.joined.participantId);
    expect(rig.media.closed).toEqual(['all']);
  });
});

describe('the media of a room', () => {
  test('announces a producer once to somebody whose receiving transport is made at the same moment', async () => {
    const ada = rig.join('Ada');
    const bob = rig.join('Bob');
    await Promise.all([
      rig.produce(ada.peer),
      rig.room.createTransport(bob.peer, { direction: 'recv', rtpCapabilities: {} }),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(bob.client.told.filter(({ name }) => name === 'consumerCreated')).toHaveLength(1);
  });

  test('are one transport each for sending, and one track of a kind', async () => {
    // The fake has one of each peer for sending already.
    const { peer } = rig.join('Ada');
    const second = rig.room.createTransport(peer, { direction: 'send' });
    await expect(second).rejects.toMatchObject({ code: 'TOO_MANY_TRANSPORTS' });
    await rig.produce(peer);
    await expect(rig.produce(peer)).rejects.toMatchObject({ code: 'TOO_MANY_PRODUCERS' });
  });

  test('H2 are no more for a burst of requests: one transport for each direction, one track, and each refusal says so', async () => {
    const { peer } = rig.join('Ada');
    const codesOf = async (burst: Promise<unknown>[]) =>
      (await Promise.allSettled(burst)).map((each) => (each.status === 'fulfilled' ? 'made' : each.reason.code));
    const transports = Array.from({ length: 40 }, () =>
      rig.room.createTransport(peer, { direction: 'recv', rtpCapabilities: {} }),
    );
    expect(await codesOf(transports)).toEqual(['made', ...Array<string>(39).fill('TOO_MANY_TRANSPORTS')]);
    const tracks = Array.from({ length: 40 }, () => rig.produce(peer));
    expect(await codesOf(tracks)).toEqual(['made', ...Array<string>(39).fill('TOO_MANY_PRODUCERS')]);
    expect([peer.producers.size, rig.media.speakers.size]).toEqual([1, 1]);
  });

  test('H2 that could not be made leave the place to the next request', async () => {
    const { peer } = rig.join('Ada');
    const refused = rig.room.produce(peer, {
      transportId: 't',
      track: 'microphone',
      paused: false,
      rtpParameters: { codecs: [{ mimeType: 'audio/PCMU', payloadType: 0, clockRate: 8_000 }] },
    });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_RTP_PARAMETERS' });
    await expect(rig.produce(peer)).resolves.toHaveProperty('producerId');
  });

  test('H2 are not kept by somebody who lost the right while they were made', async () => {
    const { peer } = rig.join('Ada');
    const receiving = rig.room.createTransport(peer, { direction: 'recv', rtpCapabilities: {} });
    const sending = rig.produce(peer);
    rig.room.setGrants(peer, new Set(['join']));
    rig.media.closed.length = 0;
    await expect(receiving).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(sending).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(rig.media.closed.toSorted()).toEqual(['recv', 'send']);
    expect(peer.producers.size).toBe(0);
  });

  test('H2 of somebody who left while their track was made are told to nobody', async () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    const producing = rig.produce(ada.peer);
    while (rig.media.speakers.size === 0) await Promise.resolve();
    rig.room.leave(ada.peer, 'removed');
    await expect(producing).rejects.toMatchObject({ code: 'NOT_JOINED' });
    expect(ben.client.told.at(-1)?.name).toBe('participantLeft');
  });

  test('end at once for somebody who may not send or hear any more', async () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    await rig.produce(ada.peer);
    rig.room.setGrants(ada.peer, new Set(['join']));
    expect(ada.client.of('grantsChanged')).toEqual([{ grants: ['join'] }]);
    expect(rig.media.closed).toEqual(['send', 'recv']);
    expect(ben.client.of('participantUpdated').at(-1)).toMatchObject({ participant: { publishing: false } });
    rig.room.setGrants(ada.peer, new Set(['join']));
    expect(ada.client.of('grantsChanged')).toHaveLength(1);
  });

  test('name relays with credentials made anew, with each transport and each search for another path', async () => {
    await open({ turn: { urls: ['turn:relay.example'], secret: 'a shared secret', ttlS: 60 } });
    const { peer, joined } = rig.join('Ada');
    const atFirst = joined.iceServers;
    vi.useFakeTimers({ now: Date.now() + 120_000, toFake: ['Date'] });
    try {
      const made = await rig.room.createTransport(peer, { direction: 'recv', rtpCapabilities: {} });
      vi.setSystemTime(Date.now() + 120_000);
      const again = await rig.room.restartIce(peer, 'transport');
      const endsOf = (servers: { username?: string | undefined }[]) => Number(servers[0]?.username?.split(':')[0]);
      expect(endsOf(made.iceServers)).toBeGreaterThan(endsOf(atFirst) + 100);
      expect(endsOf(again.iceServers)).toBeGreaterThan(endsOf(made.iceServers) + 100);
    } finally {
      vi.useRealTimers();
    }
  });

  test('go to another worker when theirs dies, and everybody begins anew with their tracks', async () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    await rig.room.createTransport(ben.peer, { direction: 'recv', rtpCapabilities: {} });
    await rig.produce(ada.peer);
    rig.media.onSfuEvent({ type: 'routerLost' });
    await new Promise((resolve) => setImmediate(resolve));
    for (const { client } of [ada, ben]) expect(client.of('mediaRestarted')).toEqual([{ routerRtpCapabilities: {} }]);
    expect(rig.media.sfuRooms).toBe(2);
    expect(rig.media.speakers.size).toBe(0);
    const { producerId } = await rig.produce(ada.peer);
    expect([...rig.media.speakers.keys()]).toEqual([producerId]);
    // Ben has no transport yet to hear it with.
    expect(ben.client.of('consumerCreated')).toHaveLength(1);
  });

  test('leave no router behind that nobody could listen to, and try the next one', async () => {
    const ada = rig.join('Ada');
    rig.media.attachFailures = 2;
    rig.media.onSfuEvent({ type: 'routerLost' });
    await rig.time.advanceAsync(1_000, 100);
    expect(rig.media.sfuRooms).toBe(4);
    expect(rig.media.closedSfuRooms).toEqual([2, 3]);
    expect(ada.client.of('mediaRestarted')).toHaveLength(1);
  });

  test('close a router that came too late for a room that is over', async () => {
    rig.media.attachFailures = 1;
    rig.media.onSfuEvent({ type: 'routerLost' });
    await rig.time.advanceAsync(0);
    const ended = rig.room.end();
    await rig.time.advanceAsync(3_000, 100);
    await ended;
    expect(rig.media.closedSfuRooms.toSorted()).toEqual(
      Array.from({ length: rig.media.sfuRooms }, (_, index) => index + 1),
    );
  });
});
