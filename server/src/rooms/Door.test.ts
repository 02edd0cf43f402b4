import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../config/settings.js';
import { codeOf, MEMBER, RoomRig } from './testing/RoomRig.js';

let rig: RoomRig;
async function open(settings?: SettingsInput): Promise<void> {
  await rig?.close();
  rig = await RoomRig.open(settings);
}
beforeEach(() => open({ waitingRoom: true }));
afterEach(() => rig.close());

const MODERATOR = { grants: [...MEMBER, 'moderate'] as const };
const moderator = () => rig.join('Mia', MODERATOR);
/** Names of those of whom a moderator knows last that they wait. */
const seenWaiting = ({ client }: ReturnType<typeof moderator>) =>
  (client.of('waitingChanged').at(-1) as { waiting: { displayName: string }[] } | undefined)?.waiting.map(
    ({ displayName }) => displayName,
  );

describe('a waiting room', () => {
  test('H12 lets nobody in whom no moderator has admitted, and moderators know who waits, the longest first', async () => {
    const mia = moderator();
    expect(codeOf(() => rig.join('Ada'))).toBe('ADMISSION_REQUIRED');
    const ada = rig.knock('Ada');
    rig.time.advance(1_000);
    rig.knock('Ben');
    expect(mia.client.of('waitingChanged').at(-1)).toEqual({
      waiting: [
        { participantId: ada.participantId, displayName: 'Ada', waitingSinceMs: 0 },
        expect.objectContaining({ displayName: 'Ben', waitingSinceMs: 1_000 }),
      ],
    });
    rig.room.door.admit(ada.participantId);
    expect([ada.told, seenWaiting(mia)]).toEqual([['admitted'], ['Ben']]);
    expect(rig.join('Ada').joined.participantId).toBe(ada.participantId);
    expect(codeOf(() => rig.join('Ben'))).toBe('ADMISSION_REQUIRED');
  });

  test('H12 tells those who wait nothing of the meeting, and members nothing of those who wait', async () => {
    const mia = moderator();
    const waiting = rig.knock('Ada');
    rig.room.door.setLocked(true);
    rig.room.updateSettings(mia.peer, { scope: 'room', settings: { language: 'de' } });
    await rig.produce(mia.peer);
    expect(waiting.told).toEqual([]);
    rig.room.door.setLocked(false);
    const ben = rig.knock('Ben');
    rig.room.door.admit(ben.participantId);
    const member = rig.join('Ben');
    rig.knock('Cy');
    expect(member.client.of('waitingChanged')).toEqual([]);
    expect(member.joined).not.toHaveProperty('waiting');
    expect(seenWaiting(mia)).toEqual(['Ada', 'Cy']);
  });

  test('H12 keeps the ledger, too, from those who were not admitted', () => {
    moderator();
    const visitor = { identity: { issuer: 'x', subject: 'a', displayName: 'A', roles: [] }, grants: new Set(MEMBER) };
    expect(rig.room.door.keepsOut(visitor)).toBe(true);
    rig.room.door.setWaitingRoom(false);
    expect(rig.room.door.keepsOut(visitor)).toBe(false);
  });

  test('refuses with a reason', () => {
    const mia = moderator();
    const ada = rig.knock('Ada');
    rig.room.door.refuse(ada.participantId);
    expect([ada.told, seenWaiting(mia)]).toEqual([['ADMISSION_REFUSED'], []]);
    expect(codeOf(() => rig.knock('Ada'))).toBe('ADMISSION_REFUSED');
    expect(codeOf(() => rig.room.door.admit(ada.participantId))).toBe('PARTICIPANT_NOT_FOUND');
  });

  test('does not hold up moderators, nor those who lost their connection; who left waits again', () => {
    const mia = moderator();
    expect(mia.joined).toMatchObject({ waitingRoom: true, waiting: [] });
    rig.room.door.admit(rig.knock('Ada').participantId);
    const ada = rig.join('Ada');
    rig.room.leave(ada.peer, 'connectionLost');
    const again = rig.join('Ada');
    rig.room.leave(again.peer, 'left');
    expect(codeOf(() => rig.join('Ada'))).toBe('ADMISSION_REQUIRED');
  });

  test('lets all in who wait when it is switched off, and everybody is told', () => {
    const mia = moderator();
    const ada = rig.knock('Ada');
    rig.room.door.setWaitingRoom(false);
    rig.room.door.setWaitingRoom(false);
    expect(mia.client.of('waitingRoomChanged')).toEqual([{ on: false }]);
    expect([ada.told, seenWaiting(mia), codeOf(() => rig.join('Ben'))]).toEqual([['admitted'], [], undefined]);
    expect(rig.knock('Cy').told).toEqual(['admitted']);
  });

  test('is a setting of the deployment and of a room', async () => {
    await open({ waitingRoom: true, rooms: { daily: { waitingRoom: false } } });
    expect(rig.join('Ada').joined.waitingRoom).toBe(false);
    await open({ rooms: { daily: { waitingRoom: true } } });
    expect(codeOf(() => rig.join('Ada'))).toBe('ADMISSION_REQUIRED');
  });

  test('holds the room as long as somebody waits, and sends all away at the end of the meeting', async () => {
    const ended: string[] = [];
    const mia = moderator();
    const ada = rig.knock('Ada');
    rig.room.leave(mia.peer, 'left');
    rig.time.advance(24 * 3_600_000);
    expect([rig.room.isUsed, ada.told, ended]).toEqual([true, [], []]);
    await rig.room.end();
    expect(ada.told).toEqual(['MEETING_ENDED']);
  });

  test('forgets who does not want to wait any more', () => {
    const mia = moderator();
    rig.knock('Ada');
    rig.room.door.stopWaiting('Ada');
    expect(seenWaiting(mia)).toEqual([]);
  });

  test('is known at once to who becomes a moderator', () => {
    moderator();
    rig.room.door.admit(rig.knock('Ada').participantId);
    const ada = rig.join('Ada');
    rig.knock('Ben');
    rig.room.setGrants(ada.peer, new Set(MODERATOR.grants));
    expect(seenWaiting(ada)).toEqual(['Ben']);
  });

  test('stays closed while the room is locked', () => {
    moderator();
    rig.room.door.setLocked(true);
    expect(codeOf(() => rig.knock('Ada'))).toBe('ROOM_LOCKED');
  });
});
