import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ParleyError, type ServerIdentity } from '@parley/client-sdk/protocol';
import express from 'express';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Minter } from '../auth/Bearer.js';
import { SessionRegistry } from '../auth/SessionRegistry.js';
import { PostLimiter } from '../edge/PostLimiter.js';
import type { AuditEvent } from '../observability/AuditLog.js';
import { identityRoutes } from './identityRoutes.js';

const ISSUER = 'https://id.example/realms/parley';
const PER_MINUTE = 20;
const KEY: Minter = { id: 'key:1', rooms: ['daily'], grants: ['join', 'listen', 'readTranscript'] };
const TOKEN_ID = '0e4a4f3c-6c1e-4b7e-9d53-0d6b6a0b7c11';
const ONE_TOO_MANY = '11111111-6c1e-4b7e-9d53-0d6b6a0b7c11';
const IDENTITY: ServerIdentity = {
  guests: false,
  mode: 'balanced',
  model: { name: 'parley-nano', demo: true, source: 'builtIn' },
  recording: false,
};

let server: Server;
let sessions: SessionRegistry;
let events: AuditEvent[];
let minted: unknown[];
let ended: string[];
let revoked: unknown[];
beforeEach(async () => {
  sessions = new SessionRegistry();
  events = [];
  minted = [];
  ended = [];
  revoked = [];
  const app = express();
  app.use(
    identityRoutes({
      identity: IDENTITY,
      sessions,
      provider: {
        issuer: ISSUER,
        verifyLogout: async (token) => {
          if (token !== 'good') throw new Error('not good');
          return { sessionId: 's1' };
        },
        verifyNotBefore: async (token) => {
          if (token !== 'good') throw new Error('not good');
          return { notBeforeMs: 2_000 };
        },
      },
      minterOf: async (bearer) => (bearer === 'secret' ? KEY : undefined),
      mint: async (guest) => {
        minted.push(guest);
        return { token: 'a token', id: TOKEN_ID, expiresAtMs: 5 };
      },
      revoke: async (whose) => {
        if (whose.tokenId === ONE_TOO_MANY) throw new ParleyError('RATE_LIMITED', { retryAfterMs: 2_500 });
        revoked.push(whose);
        return { connections: 2 };
      },
      jwks: () => ({ keys: [] }),
      audit: { record: (event) => void events.push(event), close: () => {} },
      limits: new PostLimiter({ perMinute: PER_MINUTE, keyOf: () => 'one address', onRefused: () => {} }),
      logger: pino({ level: 'silent' }),
    }),
  );
  server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  sessions.open({
    identity: {
      issuer: ISSUER,
      subject: 'ada',
      displayName: 'Ada',
      nameSource: 'guest',
      roles: [],
      sessionId: 's1',
      issuedAtMs: 1_000,
    },
    onExpiring: () => {},
    onEnd: ({ code }) => ended.push(code),
  });
});
afterEach(() => server.close());

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
const post = (path: string, body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}) =>
  ask(path, { method: 'POST', body, headers });
const form = (fields: Record<string, string>) => new URLSearchParams(fields);

describe('a sign-out that the identity provider tells', () => {
  test('K16 good: ends the connections of that sign-in, and says so once', async () => {
    const answer = await post('/auth/backchannel-logout', form({ logout_token: 'good' }));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(ended).toEqual(['SIGNED_OUT']);
    expect(events).toEqual([{ event: 'signedOut', by: 'logout', issuer: ISSUER, connections: 1 }]);
  });

  test('K16 refuses what does not hold, what is missing, and any other form of asking', async () => {
    for (const body of [form({ logout_token: 'forged' }), form({}), form({ token: 'good' }), 'logout_token=good']) {
      expect((await post('/auth/backchannel-logout', body)).status).toBe(400);
    }
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await ask('/auth/backchannel-logout?logout_token=good', { method });
      expect([answer.status, answer.headers.get('allow'), answer.headers.get('cache-control')]).toEqual([
        405,
        'POST',
        'no-store',
      ]);
    }
    expect((await post('/auth/backchannel-logout', form({ logout_token: 'x'.repeat(70_000) }))).status).toBe(413);
    expect(ended).toEqual([]);
    expect(events).toEqual([]);
  });

  test('of everybody before a moment ends their connections', async () => {
    expect((await post('/auth/k_push_not_before', 'forged')).status).toBe(400);
    expect(ended).toEqual([]);
    expect((await post('/auth/k_push_not_before', 'good')).status).toBe(204);
    expect(ended).toEqual(['SIGNED_OUT']);
  });
});

describe('a room token', () => {
  const mint = (body: object, options: { room?: string; bearer?: string } = {}) =>
    post(`/api/rooms/${options.room ?? 'daily'}/tokens`, JSON.stringify(body), {
      'content-type': 'application/json',
      ...(options.bearer === '' ? {} : { authorization: `Bearer ${options.bearer ?? 'secret'}` }),
    });

  test('is made for the holder of a key, within its rooms and grants, and written down', async () => {
    const answer = await mint({ name: ' Zoë ', grants: ['join', 'listen'], ttlS: 60 });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ token: 'a token', id: TOKEN_ID, expiresAtMs: 5 });
    const grants = ['join', 'listen'];
    expect(minted).toEqual([{ displayName: 'Zoë', room: 'daily', grants, mintedBy: 'key:1', ttlMs: 60_000 }]);
    expect(events).toEqual([
      { event: 'tokenMinted', by: 'key:1', token: TOKEN_ID, room: 'daily', grants: ['join', 'listen'], ttlMs: 60_000 },
    ]);
    expect(JSON.stringify(events)).not.toContain('Zo');
  });

  test('H11 may ask for the consent of everybody in its room', async () => {
    expect((await mint({ name: 'Zoë', grants: ['join'], requireConsent: true })).status).toBe(201);
    expect(minted).toMatchObject([{ displayName: 'Zoë', requireConsent: true }]);
  });

  test.each([
    ['without a key', 401, 'UNAUTHENTICATED', { name: 'Zoe' }, { bearer: '' }],
    ['with a wrong key', 401, 'UNAUTHENTICATED', { name: 'Zoe' }, { bearer: 'wrong' }],
    ['for another room', 403, 'FORBIDDEN', { name: 'Zoe', grants: ['join'] }, { room: 'board' }],
    ['with more than the key may', 403, 'FORBIDDEN', { name: 'Zoe', grants: ['join', 'moderate'] }, {}],
    ['for a room that cannot be', 400, 'INVALID_ROOM_NAME', { name: 'Zoe' }, { room: '..%2Fetc' }],
    ['without a name', 400, 'BAD_REQUEST', {}, {}],
    ['for five hours', 400, 'BAD_REQUEST', { name: 'Zoe', ttlS: 18_000 }, {}],
    ['with a key that nobody knows', 400, 'BAD_REQUEST', { name: 'Zoe', admin: true }, {}],
    ['with a name that turns the text around', 400, 'BAD_REQUEST', { name: 'a\u202Eb' }, {}],
  ] as const)('is refused %s', async (_, status, code, body, options) => {
    const answer = await mint(body, options);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code } });
    expect(minted).toEqual([]);
    expect(events).toEqual([{ event: 'denied', what: 'mintToken', code }]);
  });

  test('is refused for a body that cannot be read, without a word of how this program is made', async () => {
    const answer = await post('/api/rooms/daily/tokens', '{"name":', { 'content-type': 'application/json' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toMatch(/node_modules|SyntaxError|:\d+:\d+/);
  });
});

describe('a room token that its maker no longer stands for', () => {
  const revoke = (id?: string, bearer = 'secret') =>
    ask(`/api/tokens${id === undefined ? '' : `/${id}`}`, {
      method: 'DELETE',
      headers: bearer === '' ? {} : { authorization: `Bearer ${bearer}` },
    });

  test('H20 is revoked by its id, or with all others of the key, and only as one of that key', async () => {
    for (const id of [TOKEN_ID, undefined]) {
      const answer = await revoke(id);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(await answer.json()).toEqual({ connections: 2 });
    }
    expect(revoked).toEqual([{ mintedBy: 'key:1', tokenId: TOKEN_ID }, { mintedBy: 'key:1' }]);
    expect(events).toEqual([]);
  });

  test.each([
    ['without a key', 401, 'UNAUTHENTICATED', TOKEN_ID, ''],
    ['with a wrong key', 401, 'UNAUTHENTICATED', undefined, 'wrong'],
    ['by something that is no id', 400, 'BAD_REQUEST', 'a%20token', 'secret'],
    ['when the key has revoked too many', 429, 'RATE_LIMITED', ONE_TOO_MANY, 'secret'],
  ] as const)('H20 is not revoked %s', async (_, status, code, id, bearer) => {
    const answer = await revoke(id, bearer);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(status === 429 ? '3' : null);
    expect(await answer.json()).toMatchObject({ error: { code } });
    expect(revoked).toEqual([]);
    expect(events).toEqual([{ event: 'denied', what: 'revokeToken', code }]);
  });

  test('H20 is revoked as often as it has to be, and keys are guessed only so often', async () => {
    for (let count = 0; count < PER_MINUTE * 3; count += 1) expect((await revoke(TOKEN_ID)).status).toBe(200);
    for (let count = 0; count < PER_MINUTE; count += 1) expect((await revoke(TOKEN_ID, 'wrong')).status).toBe(401);
    expect((await revoke(TOKEN_ID)).status).toBe(429);
  });
});

describe('one address', () => {
  const guess = (secret: string) =>
    post('/api/rooms/daily/tokens', '{"name":"Zoe"}', {
      'content-type': 'application/json',
      authorization: `Bearer ${secret}`,
    });

  test('guesses at keys so many times a minute, and then waits, also with the right one', async () => {
    for (let count = 0; count < PER_MINUTE; count += 1) expect((await guess(`wrong ${count}`)).status).toBe(401);
    const answer = await guess('secret');
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(await answer.json()).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    expect(minted).toEqual([]);
  });

  test('is heard as often as it has to say that somebody signed out, and not as often with lies', async () => {
    const say = (token: string) => post('/auth/backchannel-logout', form({ logout_token: token }));
    for (let count = 0; count < PER_MINUTE * 3; count += 1) expect((await say('good')).status).toBe(200);
    for (let count = 0; count < PER_MINUTE; count += 1) expect((await say('forged')).status).toBe(400);
    expect((await say('forged')).status).toBe(429);
  });
});

test('the page is told how people prove who they are, and what writes down what they say', async () => {
  expect(await (await ask('/api/identity')).json()).toEqual(IDENTITY);
  expect(await (await ask('/.well-known/jwks.json')).json()).toEqual({ keys: [] });
});
