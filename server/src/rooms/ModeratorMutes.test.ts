import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ModeratorMutes } from './ModeratorMutes.js';
import { codeOf, RoomRig } from './testing/RoomRig.js';

let rig: RoomRig;
beforeEach(async () => {
  rig = await RoomRig.open();
});
afterEach(() => rig.close());

/** The code with which something is refused. */
async function refusal(work: Promise<unknown>): Promise<string | undefined> {
  const [settled] = await Promise.allSettled([work]);
  return settled.status === 'rejected' ? (settled.reason as { code?: string }).code : undefined;
}

/** How the others see somebody last. */
const seenBy = (watcher: ReturnType<RoomRig['join']>) =>
  (watcher.client.of('participantUpdated').at(-1) as { participant: object } | undefined)?.participant;

describe("a moderator's mute", () => {
  test('H12 stays until a moderator lifts it: the muted one cannot unmute, nor send another track', async () => {
    const mia = rig.join('Mia');
    const ada = rig.join('Ada');
    const { participantId } = ada.joined;
    const { producerId } = await rig.produce(ada.peer);
    await rig.room.mute(participantId);
    expect(seenBy(mia)).toMatchObject({ muted: true, mutedByModerator: true });
    const unmute = () => rig.room.setProducerPaused(ada.peer, { producerId, paused: false });
    expect(await refusal(unmute())).toBe('MUTED_BY_MODERATOR');
    await rig.room.closeProducer(ada.peer, producerId);
    expect(await refusal(rig.produce(ada.peer))).toBe('MUTED_BY_MODERATOR');
    expect(rig.media.paused).toEqual([[producerId, true]]);

    rig.room.liftMute(participantId);
    expect(ada.client.of('muteLifted')).toEqual([{}]);
    expect(seenBy(mia)).not.toHaveProperty('mutedByModerator');
    expect(await refusal(rig.produce(ada.peer))).toBeUndefined();
  });

  test.each(['connectionLost', 'left'] as const)('H12 outlives the connection of who %s', async (reason) => {
    rig.join('Mia');
    const ada = rig.join('Ada');
    await rig.room.mute(ada.joined.participantId);
    rig.room.leave(ada.peer, reason);
    const again = rig.join('Ada');
    expect(again.joined.participants).toContainEqual(
      expect.objectContaining({ displayName: 'Ada', mutedByModerator: true }),
    );
    expect(await refusal(rig.produce(again.peer))).toBe('MUTED_BY_MODERATOR');
  });

  test('H12 silences a track that was being made meanwhile', async () => {
    const ada = rig.join('Ada');
    const making = rig.produce(ada.peer);
    await rig.room.mute(ada.joined.participantId);
    const { producerId } = await making;
    expect(rig.media.paused).toEqual([[producerId, true]]);
    expect(seenBy(ada)).toMatchObject({ publishing: true, muted: true });
  });

  test('lets a track begin muted, for the moment when it is lifted', async () => {
    const ada = rig.join('Ada');
    await rig.room.mute(ada.joined.participantId);
    const { producerId } = await rig.produce(ada.peer, { paused: true });
    rig.room.liftMute(ada.joined.participantId);
    await rig.room.setProducerPaused(ada.peer, { producerId, paused: false });
    expect(rig.media.paused).toEqual([[producerId, false]]);
  });

  test('is not lifted where there is none, and nobody is told', () => {
    const ada = rig.join('Ada');
    rig.room.liftMute(ada.joined.participantId);
    expect(ada.client.told).toEqual([]);
    expect(codeOf(() => rig.room.liftMute('p_nobody'))).toBe('PARTICIPANT_NOT_FOUND');
  });
});

describe('asking to speak', () => {
  test('is seen by everybody until it is taken back or the mute is lifted', async () => {
    const mia = rig.join('Mia');
    const ada = rig.join('Ada');
    await rig.room.mute(ada.joined.participantId);
    rig.room.askToSpeak(ada.peer, true);
    expect(seenBy(mia)).toMatchObject({ mutedByModerator: true, asksToSpeak: true });
    rig.room.askToSpeak(ada.peer, false);
    expect(seenBy(mia)).not.toHaveProperty('asksToSpeak');
    rig.room.askToSpeak(ada.peer, true);
    rig.room.liftMute(ada.joined.participantId);
    expect(seenBy(mia)).not.toHaveProperty('asksToSpeak');
  });

  test('again changes nothing, and neither does it for somebody who may speak', async () => {
    const mia = rig.join('Mia');
    const ada = rig.join('Ada');
    rig.room.askToSpeak(ada.peer, true);
    expect(mia.client.of('participantUpdated')).toEqual([]);
    await rig.room.mute(ada.joined.participantId);
    rig.room.askToSpeak(ada.peer, true);
    rig.room.askToSpeak(ada.peer, true);
    expect(mia.client.of('participantUpdated')).toHaveLength(2);
  });
});

test('of more mutes than are remembered, the oldest is forgotten', () => {
  const mutes = new ModeratorMutes();
  for (let index = 0; index <= 10_000; index += 1) mutes.mute({ participantId: `p_${index}` });
  expect([mutes.has('p_0'), mutes.has('p_1'), mutes.has('p_10000')]).toEqual([false, true, true]);
});
