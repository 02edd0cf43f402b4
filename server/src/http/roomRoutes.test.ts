import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Grant, ParleyError, type ParticipantLedger } from '@parley/client-sdk/protocol';
import express from 'express';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Minter } from '../auth/Bearer.js';
import { PostLimiter } from '../edge/PostLimiter.js';
import type { AuditEvent } from '../observability/AuditLog.js';
import { emptyLedger } from '../observability/audioLedger.js';
import type { Visitor } from '../rooms/Door.js';
import type { Asker } from '../rooms/Readers.js';
import { roomRoutes } from './roomRoutes.js';

const ISSUER = 'https://id.example/realms/parley';
const LEDGERS: ParticipantLedger[] = [
  {
    participantId: 'p_1',
    track: 'microphone',
    ledger: { ...emptyLedger(), totalMs: 30.0625, transcribedMs: 20.0625, shedMs: { overloaded: 10 } },
  },
];
const KEYS: Record<string, Minter> = {
  'reading-key': { id: 'key:1', rooms: ['daily'], grants: ['readTranscript'] },
  'joining-key': { id: 'key:2', rooms: ['daily'], grants: ['join', 'speak', 'listen'] },
  'service-account': { id: 'service:parley', rooms: '*', grants: ['administer'] },
};
const GRANTS: Record<string, Grant[]> = {
  ada: ['join', 'listen', 'readTranscript'],
  ben: ['join', 'speak', 'listen'],
  adam: ['administer'],
};

let server: Server;
let events: AuditEvent[];
let opened: string[];
let removed: string[];
/** Whether the room answers those who were not in the meeting. */
let answersAll: boolean;
beforeEach(async () => {
  events = [];
  opened = [];
  removed = [];
  answersAll = true;
  const app = express();
  app.use(
    roomRoutes({
      identify: async (token) => {
        const minter = KEYS[token];
        if (minter !== undefined) return { minter };
        if (token === 'signed-out') throw new ParleyError('SIGNED_OUT');
        if (token === 'unlucky') throw new ParleyError('IDENTITY_UNAVAILABLE');
        if (token === 'broken') throw new Error('secret path');
        if (!(token in GRANTS)) throw new ParleyError('UNAUTHENTICATED');
        return { identity: { issuer: ISSUER, subject: token, displayName: token, nameSource: 'guest', roles: [] } };
      },
      grantsIn: ({ subject }, room) => new Set(room === 'daily' ? GRANTS[subject] : []),
      roomNamed: (name) => {
        opened.push(name);
        if (name !== 'daily') return undefined;
        return Promise.resolve({
          ledgers: () => Promise.resolve(LEDGERS),
          readers: { answers: ({ grants }: Asker) => answersAll || grants.has('administer') },
          door: { keepsOut: ({ identity }: Visitor) => removed.includes(identity.subject) },
        });
      },
      audit: { record: (event) => void events.push(event), close: () => {} },
      limit: new PostLimiter({ perMinute: 10, keyOf: () => 'one address', onRefused: () => {} }).all,
    }),
  );
  app.use(((_error, _request, response, _next) => void response.status(500).end()) as express.ErrorRequestHandler);
  server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterEach(() => server.close());

const ask = (options: { bearer?: string; room?: string } = {}) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/rooms/${options.room ?? 'daily'}/ledger`, {
    headers: options.bearer === undefined ? {} : { authorization: `Bearer ${options.bearer}` },
  });

test.each(['ada', 'adam', 'reading-key', 'service-account'])('%s reads the books, to the sixteenth', async (bearer) => {
  const answer = await ask({ bearer });
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(await answer.json()).toEqual({ ledgers: LEDGERS });
  expect(events).toEqual([]);
});

test.each([
  ['nobody', 401, 'UNAUTHENTICATED', {}],
  ['a token of nobody', 401, 'UNAUTHENTICATED', { bearer: 'forged' }],
  ['somebody who signed out', 401, 'SIGNED_OUT', { bearer: 'signed-out' }],
  ['a participant without captions', 403, 'FORBIDDEN', { bearer: 'ben' }],
  ['a member of another room', 403, 'FORBIDDEN', { bearer: 'ada', room: 'board' }],
  ['a key for joining', 403, 'FORBIDDEN', { bearer: 'joining-key' }],
  ['a key of another room', 403, 'FORBIDDEN', { bearer: 'reading-key', room: 'board' }],
] as const)('%s reads nothing, is not told whether there is a meeting, and is written down', async (...given) => {
  const [, status, code, how] = given;
  const answer = await ask(how);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ error: { code } });
  expect(opened).toEqual([]);
  expect(events).toMatchObject([{ event: 'denied', what: 'readLedger', code }]);
  expect(JSON.stringify(events)).not.toContain('forged');
});

test('whom a moderator removed reads nothing more of this meeting', async () => {
  removed.push('ada');
  expect((await ask({ bearer: 'ada' })).status).toBe(403);
  expect(events).toEqual([
    { event: 'denied', what: 'readLedger', code: 'FORBIDDEN', room: 'daily', who: `${ISSUER}#ada` },
  ]);
  expect((await ask({ bearer: 'adam' })).status).toBe(200);
});

test('H11 a room that answers only those who were there has no books for others', async () => {
  answersAll = false;
  for (const bearer of ['ada', 'reading-key']) expect((await ask({ bearer })).status).toBe(403);
  expect(events).toMatchObject([
    { event: 'denied', what: 'readLedger', code: 'FORBIDDEN', who: `${ISSUER}#ada` },
    { event: 'denied', what: 'readLedger', code: 'FORBIDDEN' },
  ]);
  expect((await ask({ bearer: 'service-account' })).status).toBe(200);
});

test('a room without a meeting has no books, and a name that cannot be is no room', async () => {
  const none = await ask({ bearer: 'service-account', room: 'empty' });
  expect([none.status, await none.json()]).toMatchObject([404, { error: { code: 'ROOM_NOT_FOUND' } }]);
  const never = await ask({ bearer: 'service-account', room: '..%2Fetc' });
  expect([never.status, await never.json()]).toMatchObject([400, { error: { code: 'INVALID_ROOM_NAME' } }]);
});

test('what failed here is no refusal: the provider is out, or this program', async () => {
  const out = await ask({ bearer: 'unlucky' });
  expect([out.status, await out.json()]).toMatchObject([503, { error: { retryable: true } }]);
  const broken = await ask({ bearer: 'broken' });
  expect(broken.status).toBe(500);
  expect(await broken.text()).not.toContain('secret');
});

test('H19 who asks too often is refused before anybody looks at the token', async () => {
  for (let asked = 0; asked < 10; asked++) expect((await ask({ bearer: 'forged' })).status).toBe(401);
  const refused = await ask({ bearer: 'ada' });
  expect([refused.status, await refused.json()]).toMatchObject([429, { error: { code: 'RATE_LIMITED' } }]);
  expect(events).toHaveLength(10);
});
