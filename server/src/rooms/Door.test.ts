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
    const visitor = {
      identity: { issuer: 'x', subject: 'a', displayName: 'A', nameSource: 'guest', roles: [] } as const,
      grants: new Set(MEMBER),
    };
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

describe('a guest who was removed', () => {
  const HOME = { address: '192.0.2.1', device: 'laptop' };
  beforeEach(() => open());
  const removed = (how: Parameters<RoomRig['join']>[1] = {}) => {
    const mia = moderator();
    const eve = rig.join('Eve', { origin: HOME, ...how });
    rig.room.remove(eve.joined.participantId);
    return mia;
  };

  test('H12 does not come back as somebody else from the same device, wherever it is', () => {
    removed();
    const away = { address: '198.51.100.7', device: 'laptop' };
    expect(codeOf(() => rig.join('Eve', { origin: away }))).toBe('REMOVED');
    expect(codeOf(() => rig.join('Somebody new', { origin: away }))).toBe('REMOVED');
    expect(codeOf(() => rig.knock('Somebody new', { origin: away }))).toBe('REMOVED');
  });

  test('H12 comes back without cookies, from the same address, only if a moderator admits them, who is warned', () => {
    const mia = removed();
    const cleared = { address: '192.0.2.1' };
    expect(codeOf(() => rig.join('Somebody new', { origin: cleared }))).toBe('ADMISSION_REQUIRED');
    const waiting = rig.knock('Somebody new', { origin: cleared });
    expect(mia.client.of('waitingChanged').at(-1)).toMatchObject({
      waiting: [{ displayName: 'Somebody new', fromAddressOfRemoved: true }],
    });
    rig.room.door.setWaitingRoom(true);
    rig.room.door.setWaitingRoom(false);
    expect(waiting.told).toEqual([]);
    rig.room.door.admit(waiting.participantId);
    expect(codeOf(() => rig.join('Somebody new', { origin: cleared }))).toBeUndefined();
  });

  test('does not keep out others at the same address who are in, lost their connection, or signed in', () => {
    const mia = moderator();
    const colleague = rig.join('Ben', { origin: { address: '192.0.2.1', device: 'phone' } });
    const eve = rig.join('Eve', { origin: HOME });
    rig.room.leave(colleague.peer, 'connectionLost');
    rig.room.remove(eve.joined.participantId);
    expect(codeOf(() => rig.join('Ben', { origin: { address: '192.0.2.1' } }))).toBeUndefined();
    expect(codeOf(() => rig.join('Ida', { origin: HOME, issuer: 'https://id.example' }))).toBeUndefined();
    expect(codeOf(() => rig.join('Cy', { origin: { address: '198.51.100.7' } }))).toBeUndefined();
    expect(mia.client.of('dismissed')).toEqual([]);
  });

  test('is kept out by subject alone where somebody vouches for it', () => {
    removed({ issuer: 'https://id.example' });
    expect(codeOf(() => rig.join('Eve', { issuer: 'https://id.example' }))).toBe('REMOVED');
    expect(codeOf(() => rig.join('Ida', { issuer: 'https://id.example', origin: HOME }))).toBeUndefined();
  });

  test('H12 with an old invitation finds a new secret, which moderators know', () => {
    const mia = removed();
    const roomSecret = rig.room.door.renewSecret();
    expect(mia.client.of('roomSecretChanged')).toEqual([{ roomSecret }]);
    const elsewhere = { origin: { address: '198.51.100.7' } };
    expect(codeOf(() => rig.join('Ada', elsewhere))).toBe('ROOM_SECRET_REQUIRED');
    expect(codeOf(() => rig.join('Ada', { ...elsewhere, roomSecret: 'a guess' }))).toBe('ROOM_SECRET_REQUIRED');
    expect(codeOf(() => rig.knock('Ada', elsewhere))).toBe('ROOM_SECRET_REQUIRED');
    const ada = rig.join('Ada', { ...elsewhere, roomSecret });
    expect(ada.joined).not.toHaveProperty('roomSecret');
    rig.room.leave(ada.peer, 'connectionLost');
    const newer = rig.room.door.renewSecret();
    expect(newer).not.toBe(roomSecret);
    expect(codeOf(() => rig.join('Ada', elsewhere))).toBeUndefined();
    expect(codeOf(() => rig.join('Ida', { issuer: 'https://id.example' }))).toBeUndefined();
    expect(rig.join('Max', MODERATOR).joined).toMatchObject({ roomSecret: newer });
  });
});

test('H12 a mute holds for the device, too: another subject is muted, and both are free when it is lifted', async () => {
  await open();
  const origin = { address: '192.0.2.1', device: 'laptop' };
  const eve = rig.join('Eve', { origin });
  await rig.room.mute(eve.joined.participantId);
  rig.room.leave(eve.peer, 'left');
  const again = rig.join('Somebody new', { origin });
  expect(again.joined.participants).toMatchObject([{ mutedByModerator: true }]);
  rig.room.liftMute(again.joined.participantId);
  rig.room.leave(again.peer, 'left');
  expect(rig.join('Eve', { origin }).joined.participants[0]).not.toHaveProperty('mutedByModerator');
});
