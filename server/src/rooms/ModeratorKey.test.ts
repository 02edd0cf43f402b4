import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SettingsInput } from '../config/settings.js';
import { codeOf, MEMBER, RoomRig } from './testing/RoomRig.js';

let rig: RoomRig;
async function open(settings?: SettingsInput): Promise<void> {
  await rig?.close();
  rig = await RoomRig.open({ guestsModerate: true, ...settings });
}
beforeEach(() => open());
afterEach(() => rig.close());

const MODERATES = [...MEMBER, 'moderate'];

describe('the guest who opens a room', () => {
  test('H12 moderates it, alone, and is given a key once', () => {
    const ada = rig.join('Ada');
    const ben = rig.join('Ben');
    expect(ada.joined.grants).toEqual(MODERATES);
    expect(ada.joined.moderatorKey).toMatch(/^[\w-]{32}$/);
    expect(ben.joined.grants).toEqual(MEMBER);
    expect(ben.joined).not.toHaveProperty('moderatorKey');
    rig.room.leave(ada.peer, 'left');
    const again = rig.join('Ada');
    expect(again.joined.grants).toEqual(MODERATES);
    expect(again.joined).not.toHaveProperty('moderatorKey');
  });

  test('does not wait in front of it', async () => {
    await open({ waitingRoom: true });
    expect(codeOf(() => rig.join('Ada'))).toBeUndefined();
    expect(codeOf(() => rig.join('Ben'))).toBe('ADMISSION_REQUIRED');
  });

  test.each<[string, SettingsInput]>([
    ['where people sign in', { keycloak: { url: 'https://id.example' } }],
    ['where the settings say so', { guestsModerate: false }],
  ])('is one of the others %s', async (_, settings) => {
    await open(settings);
    const { joined } = rig.join('Ada');
    expect(joined.grants).toEqual(MEMBER);
    expect(joined).not.toHaveProperty('moderatorKey');
  });

  test('is nobody where somebody else with a token was first', () => {
    rig.join('Bot', { issuer: 'parley' });
    expect(rig.join('Ada').joined.grants).toEqual(MEMBER);
  });
});

describe('a moderator key', () => {
  const keyOf = () => rig.join('Ada').joined.moderatorKey ?? '';

  test('lets somebody else moderate, who needs it once, and the locked room lets them in', () => {
    const moderatorKey = keyOf();
    rig.room.door.setLocked(true);
    const ben = rig.join('Ben', { moderatorKey });
    expect(ben.joined.grants).toEqual(MODERATES);
    expect(ben.moderatesBy).toBe('key');
    rig.room.leave(ben.peer, 'connectionLost');
    expect(rig.join('Ben').joined.grants).toEqual(MODERATES);
  });

  test('H12 of another meeting, or a guess, opens nothing', async () => {
    const moderatorKey = keyOf();
    await open();
    keyOf();
    expect(codeOf(() => rig.join('Ben', { moderatorKey }))).toBe('MODERATOR_KEY_INVALID');
    await open({ guestsModerate: false });
    rig.join('Ada');
    expect(codeOf(() => rig.join('Ben', { moderatorKey }))).toBe('MODERATOR_KEY_INVALID');
  });

  test('of an earlier meeting does not keep one from opening the next', async () => {
    const moderatorKey = keyOf();
    await open();
    expect(rig.join('Ada', { moderatorKey }).joined.grants).toEqual(MODERATES);
  });

  test('H12 is void when one who used it is removed, under any name', () => {
    const moderatorKey = keyOf();
    const eve = rig.join('Eve', { moderatorKey });
    rig.room.remove(eve.joined.participantId);
    expect(codeOf(() => rig.join('Eve', { moderatorKey }))).not.toBeUndefined();
    expect(codeOf(() => rig.join('Somebody new', { moderatorKey }))).toBe('MODERATOR_KEY_INVALID');
    expect(rig.join('Ada').joined.grants).toEqual(MODERATES);
  });

  test('is not given to who could not come in after all', () => {
    expect(codeOf(() => rig.join('Ada', { settings: { beamSize: 99 } }))).toBe('INVALID_SETTINGS');
    expect(rig.join('Ben').joined.moderatorKey).toBeDefined();
  });

  test('keeps its right when a newer token brings other grants', () => {
    const moderatorKey = keyOf();
    const { peer, client } = rig.join('Ben', { moderatorKey });
    rig.room.setGrants(peer, new Set(['join', 'listen']));
    expect(client.of('grantsChanged')).toEqual([{ grants: ['join', 'listen', 'moderate'] }]);
  });
});
