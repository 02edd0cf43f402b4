import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf, RoomRig } from './testing/RoomRig.js';

let rig: RoomRig;
beforeEach(async () => {
  rig = await RoomRig.open();
});
afterEach(() => rig.close());

/** The media worker dropped packets of a track. */
const exceed = (trackId: string) =>
  rig.media.onEvent({ meetingId: '', trackId, type: 'budgetExceeded', limit: 'packets' });
const settle = () => rig.time.advanceAsync(0);

describe('a member who floods the server', () => {
  test('H1 is muted in the SFU, so that nothing is forwarded any more, and everybody sees who and why', async () => {
    const [mallory, ada] = [rig.join('Mallory'), rig.join('Ada')];
    const [{ producerId }, ofAda] = [await rig.produce(mallory.peer), await rig.produce(ada.peer)];
    exceed(producerId);
    exceed(producerId);
    await settle();
    expect(rig.media.paused).toEqual([[producerId, true]]);
    const muted = { participantId: mallory.joined.participantId, producerIds: [producerId], reason: 'flooding' };
    for (const { client } of [mallory, ada]) {
      expect(client.of('participantMuted')).toEqual([muted]);
      expect(client.of('participantUpdated').at(-1)).toMatchObject({ participant: { muted: true } });
    }
    expect([...ada.peer.producers]).toEqual([[ofAda.producerId, { track: 'microphone', paused: false }]]);
  });

  test('H1 is muted again when they unmute and go on, then removed with all media, and not let in again', async () => {
    const [mallory, ada] = [rig.join('Mallory'), rig.join('Ada')];
    const { producerId } = await rig.produce(mallory.peer);
    for (let offence = 1; offence <= 2; offence += 1) {
      await rig.room.setProducerPaused(mallory.peer, { producerId, paused: false });
      exceed(producerId);
      await settle();
      expect(mallory.peer.producers.get(producerId)?.paused).toBe(true);
      await rig.time.advanceAsync(6_000);
    }
    await rig.room.setProducerPaused(mallory.peer, { producerId, paused: false });
    exceed(producerId);
    await settle();
    expect(mallory.client.of('dismissed')).toEqual(['FLOODING']);
    expect(rig.media.closed).toEqual(['all']);
    const done = { event: 'floodStopped', limit: 'packets', participantId: mallory.joined.participantId };
    expect(rig.audited).toMatchObject(['mute', 'mute', 'remove'].map((action) => ({ ...done, action })));
    const left = { participantId: mallory.joined.participantId, reason: 'removed' };
    expect(ada.client.of('participantLeft')).toEqual([left]);
    expect(codeOf(() => rig.join('Mallory'))).toBe('FLOODING');
    expect(codeOf(() => rig.join('Ben'))).toBeUndefined();
    // What comes of them after that is nobody's.
    exceed(producerId);
    await settle();
  });

  test('H1 is removed where the SFU goes on receiving it while they are muted', async () => {
    const mallory = rig.join('Mallory');
    const { producerId } = await rig.produce(mallory.peer);
    for (let look = 1; look <= 3; look += 1) {
      expect(mallory.client.of('dismissed')).toEqual([]);
      rig.media.onSfuEvent({ type: 'transportFlooded', ownerId: mallory.peer.peerId });
      await rig.time.advanceAsync(5_000);
      expect(rig.media.paused).toEqual([[producerId, true]]);
    }
    expect(mallory.client.of('dismissed')).toEqual(['FLOODING']);
    rig.media.onSfuEvent({ type: 'transportFlooded', ownerId: mallory.peer.peerId });
  });
});
