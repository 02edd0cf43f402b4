import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '@parley/client-sdk/protocol';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileApiKeyStore } from '../store/files/FileApiKeyStore.js';
import { FileSigningKeyStore } from '../store/files/FileSigningKeyStore.js';
import { ApiKeys } from './ApiKeys.js';
import { CombinedAuthenticator } from './CombinedAuthenticator.js';
import { GuestAuthenticator } from './GuestAuthenticator.js';
import { ROOM_TOKEN_TYPE, RoomTokenIssuer } from './RoomTokenIssuer.js';
import { TokenVerifier } from './TokenVerifier.js';
import { AUDIENCE, ISSUER, NOW, SigningIssuer } from './testing/SigningIssuer.js';

const DAY_MS = 24 * 3_600_000;
const GUEST = {
  displayName: 'Zoë',
  room: 'visit',
  grants: ['join', 'listen'] as const,
  mintedBy: 'key:a',
  ttlMs: 3_600_000,
};

let folder: string;
let file: string;
let now: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-keys-'));
  file = join(folder, 'keys', 'room-tokens.json');
  now = NOW;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const create = () => RoomTokenIssuer.create({ keys: new FileSigningKeyStore({ file }), now: () => now });

describe('a room token', () => {
  test('lets somebody into one room, with what was granted, until it runs out', async () => {
    const issuer = await create();
    const { token, id, expiresAtMs, subject } = await issuer.mint(GUEST);
    expect(await issuer.verify(token)).toEqual({
      issuer: 'parley',
      subject,
      displayName: 'Zoë',
      nameSource: 'vouched',
      roles: [],
      room: { name: 'visit', grants: ['join', 'listen'] },
      roomToken: { id, mintedBy: 'key:a' },
      issuedAtMs: NOW,
      expiresAtMs,
    });
    now = expiresAtMs + 11_000;
    await expect(issuer.verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('H11 can ask for the consent of everybody in the room', async () => {
    const issuer = await create();
    const { token } = await issuer.mint({ ...GUEST, requireConsent: true });
    expect((await issuer.verify(token)).room).toEqual({
      name: 'visit',
      grants: ['join', 'listen'],
      requireConsent: true,
    });
  });

  test('H20 says to the millisecond when it was made, so that none made after a revocation counts as older', async () => {
    const issuer = await create();
    now = NOW + 700;
    const { issuedAtMs } = await issuer.verify((await issuer.mint(GUEST)).token);
    expect(issuedAtMs).toBe(NOW + 700);
  });

  test('lives four hours at most, whatever was asked for', async () => {
    const issuer = await create();
    const { expiresAtMs } = await issuer.mint({ ...GUEST, ttlMs: 10 * DAY_MS });
    expect(expiresAtMs - NOW).toBe(4 * 3_600_000);
  });

  test('is verified by others with the published keys, which hold no secret', async () => {
    const issuer = await create();
    const { token } = await issuer.mint(GUEST);
    expect(JSON.stringify(issuer.jwks())).not.toContain('"d"');
    const options = { currentDate: new Date(now) };
    const { payload } = await jwtVerify(token, createLocalJWKSet(issuer.jwks()), options);
    expect(payload).toMatchObject({ iss: 'parley', room: 'visit', name: 'Zoë' });
  });

  test('holds over a restart, and while its key is replaced by a newer one', async () => {
    const { token } = await (await create()).mint(GUEST);
    now += 1_000;
    const again = await create();
    expect((await again.verify(token)).displayName).toBe('Zoë');
    now = NOW + 31 * DAY_MS;
    const { token: newer } = await again.mint(GUEST);
    expect(decodeProtectedHeader(newer).kid).not.toBe(decodeProtectedHeader(token).kid);
    expect(again.jwks().keys).toHaveLength(1);
    now = NOW + 30 * DAY_MS;
  });

  test('of the last minute of a key holds after the change', async () => {
    const issuer = await create();
    now = NOW + 30 * DAY_MS - 60_000;
    const { token } = await issuer.mint(GUEST);
    now += 120_000;
    await issuer.mint(GUEST);
    expect(issuer.jwks().keys).toHaveLength(2);
    expect((await issuer.verify(token)).displayName).toBe('Zoë');
  });

  test('has its keys in a file that only its owner reads, and throws none away that it cannot read', async () => {
    await create();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700);
    writeFileSync(file, '{"broken":');
    await expect(create()).rejects.toThrow(SyntaxError);
    expect(readFileSync(file, 'utf8')).toBe('{"broken":');
  });

  test('is nothing that somebody else signed, and nothing of another type', async () => {
    const issuer = await create();
    const provider = await SigningIssuer.create();
    const forged = await provider.sign({ iss: 'parley', aud: 'parley', room: 'visit' }, { typ: ROOM_TOKEN_TYPE });
    for (const token of [forged, await provider.sign(), 'nonsense', 'x'.repeat(10_000)]) {
      await expect(issuer.verify(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});

describe('credentials of every kind', () => {
  test('go to the one who knows them, and to nobody else', async () => {
    const roomTokens = await create();
    const provider = await SigningIssuer.create();
    const tokens = new TokenVerifier({
      issuer: ISSUER,
      audience: AUDIENCE,
      keyFor: provider.keyFor,
      now: () => now,
    });
    const both = new CombinedAuthenticator({
      guests: new GuestAuthenticator({}),
      provider: { description: 'Keycloak', verify: async (token) => (await tokens.verify(token)).identity },
      roomTokens,
    });
    const token = (text: string): Credentials => ({ kind: 'token', token: text });
    expect((await both.authenticate(token(await provider.sign()))).issuer).toBe(ISSUER);
    expect((await both.authenticate(token((await roomTokens.mint(GUEST)).token))).issuer).toBe('parley');
    const guest: Credentials = { kind: 'guest', subject: 'a-random-subject-1234', displayName: 'Ada' };
    expect((await both.authenticate(guest)).issuer).toBe('guest');
    for (const text of ['nonsense', '', 'a.b.c']) {
      await expect(both.authenticate(token(text))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    const alone = new CombinedAuthenticator({ roomTokens });
    expect([both.description, alone.description]).toEqual(['Keycloak, open (a name is enough)', 'room tokens only']);
    await expect(alone.authenticate(guest)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(alone.authenticate(token(await provider.sign()))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('API keys', () => {
  const open = () =>
    new ApiKeys({ store: new FileApiKeyStore({ file: join(folder, 'api-keys.json') }), now: () => now });
  const wanted = { name: 'school', rooms: ['visit'], grants: ['join' as const] };

  test('are shown once and kept as a hash', async () => {
    const keys = open();
    const { key, secret } = await keys.create(wanted);
    expect(secret).toMatch(/^pk_[A-Za-z0-9]{12}_[\w-]{43}$/);
    const stored = readFileSync(join(folder, 'api-keys.json'), 'utf8');
    // A random part may have underscores of its own.
    expect(stored).not.toContain(secret.slice(-43));
    expect(statSync(join(folder, 'api-keys.json')).mode & 0o777).toBe(0o600);
    expect((await keys.authenticate(secret))?.id).toBe(key.id);
    expect(await keys.list()).toMatchObject([{ name: 'school', rooms: ['visit'] }]);
    expect((await keys.lastUses()).get(key.id)).toBe(NOW);
  });

  test('that are wrong, revoked or have run out are nobody’s', async () => {
    const keys = open();
    const { key, secret } = await keys.create({ ...wanted, expiresAtMs: NOW + 1_000 });
    for (const wrong of ['', 'pk_', `${secret}x`, secret.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A'))]) {
      expect(await keys.authenticate(wrong)).toBeUndefined();
    }
    now += 1_000;
    expect(await keys.authenticate(secret)).toBeUndefined();
    now -= 1_000;
    expect(await keys.revoke(key.id)).toBe(true);
    expect(await keys.revoke(key.id)).toBe(false);
    expect(await keys.authenticate(secret)).toBeUndefined();
  });

  test('that another process made or revoked are known at once', async () => {
    const server = open();
    const commandLine = open();
    expect(await server.list()).toEqual([]);
    const { key, secret } = await commandLine.create(wanted);
    expect((await server.authenticate(secret))?.id).toBe(key.id);
    expect(await commandLine.revoke(key.id)).toBe(true);
    expect(await server.authenticate(secret)).toBeUndefined();
  });

  test('write their last use down once a minute, not with every request', async () => {
    const keys = open();
    const { key, secret } = await keys.create(wanted);
    await keys.authenticate(secret);
    now += 59_000;
    await keys.authenticate(secret);
    expect((await keys.lastUses()).get(key.id)).toBe(NOW);
    now += 1_000;
    await keys.authenticate(secret);
    expect((await keys.lastUses()).get(key.id)).toBe(NOW + 60_000);
  });

  test('are never written by those who only use them: no use undoes a revocation', async () => {
    const server = open();
    const { key, secret } = await server.create(wanted);
    const before = readFileSync(join(folder, 'api-keys.json'), 'utf8');
    expect((await server.authenticate(secret))?.id).toBe(key.id);
    expect(readFileSync(join(folder, 'api-keys.json'), 'utf8')).toBe(before);
  });

  test('are changed by one program at a time', async () => {
    const lock = join(folder, 'api-keys.json.lock');
    const keys = open();
    writeFileSync(lock, '');
    // Of a program that was killed long ago.
    utimesSync(lock, 1_000, 1_000);
    const { key } = await keys.create(wanted);
    expect(existsSync(lock)).toBe(false);
    writeFileSync(lock, '');
    await expect(keys.revoke(key.id)).rejects.toMatchObject({
      code: 'LOCKED',
      message: `Another program holds ${lock}.`,
    });
    expect(await keys.list()).toHaveLength(1);
  });
});
