import { ManualTime } from '@parley/media/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Identity } from './Authenticator.js';
import { Introspector } from './Introspector.js';
import { SessionRegistry } from './SessionRegistry.js';

const ISSUER = 'https://id.example/realms/parley';
const NOW = 1_800_000_000_000;

let time: ManualTime;
let sessions: SessionRegistry;
let asked: { url: string; init: RequestInit }[];
let answer: (token: string) => Response | Promise<Response>;
let failures: string[];
let ended: string[];
let signedOut: number[];
beforeEach(() => {
  time = new ManualTime();
  sessions = new SessionRegistry({ time });
  asked = [];
  failures = [];
  ended = [];
  signedOut = [];
  answer = () => Response.json({ active: true });
});

function introspector(): Introspector {
  return new Introspector({
    sessions,
    issuer: ISSUER,
    endpoint: `${ISSUER}/introspect`,
    clientId: 'parley-service',
    clientSecret: 'a:secret',
    everyMs: 60_000,
    onFailure: (reason) => failures.push(reason),
    onSignedOut: ({ connections }) => signedOut.push(connections),
    time,
    wallClock: () => NOW,
    fetch: async (url, init = {}) => {
      asked.push({ url: String(url), init });
      return answer(new URLSearchParams(String(init.body)).get('token') ?? '');
    },
  });
}

interface Overrides extends Partial<Identity> {
  token?: string | undefined;
}

function open(name: string, { token = `token of ${name}`, ...overrides }: Overrides = {}) {
  return sessions.open({
    identity: { issuer: ISSUER, subject: name, displayName: name, nameSource: 'signedIn', roles: [], ...overrides },
    token,
    onExpiring: () => {},
    onEnd: ({ code }) => ended.push(`${name} ${code}`),
  });
}

describe('asking whether tokens still hold', () => {
  test('ends the connections of those that do not, and of no others', async () => {
    open('ada');
    open('ben');
    open('guest', { issuer: 'guest' });
    answer = (token) => Response.json({ active: token !== 'token of ben' });
    const asking = introspector();
    await time.advanceAsync(60_000);
    await expect.poll(() => ended).toEqual(['ben SIGNED_OUT']);
    expect(asked.map(({ url }) => url)).toEqual([`${ISSUER}/introspect`, `${ISSUER}/introspect`]);
    expect(new Headers(asked[0]?.init.headers).get('authorization')).toBe(
      `Basic ${Buffer.from('parley-service:a%3Asecret').toString('base64')}`,
    );
    asking.close();
  });

  test('takes the sign-in back: neither the token nor a newer one of it lets anybody in again', async () => {
    const ada = { sessionId: 's1', issuedAtMs: NOW - 1_000 };
    open('ada', ada);
    open('ada', ada);
    open('ada', { ...ada, sessionId: 's2', token: 'another token of ada' });
    answer = (token) => Response.json({ active: token !== 'token of ada' });
    const asking = introspector();
    await asking.askAll();
    expect(ended).toEqual(['ada SIGNED_OUT', 'ada SIGNED_OUT']);
    expect(signedOut).toEqual([2]);
    const refused = expect.objectContaining({ code: 'SIGNED_OUT' });
    expect(() => open('ada', ada)).toThrow(refused);
    expect(() => open('ada', { ...ada, issuedAtMs: NOW + 1_000 })).toThrow(refused);
    expect(() => open('ada', { ...ada, sessionId: 's3' })).not.toThrow();
    asking.close();
  });

  test('takes a person back where the token names no sign-in, for what was signed before', async () => {
    const clock = Date.now();
    open('ada', { issuedAtMs: clock - 60_000 });
    answer = () => Response.json({ active: false });
    const asking = introspector();
    await asking.askAll();
    expect(ended).toEqual(['ada SIGNED_OUT']);
    expect(() => open('ada', { issuedAtMs: clock - 60_000 })).toThrow();
    expect(() => open('ada', { issuedAtMs: clock + 60_000 })).not.toThrow();
    asking.close();
  });

  test('leaves those alone whose token has run out: they have a time of grace', async () => {
    open('ada', { expiresAtMs: NOW - 1 });
    open('ben', { expiresAtMs: NOW + 9_000 });
    open('cy', { expiresAtMs: NOW + 11_000 });
    answer = () => Response.json({ active: false });
    const asking = introspector();
    await asking.askAll();
    expect(ended).toEqual(['cy SIGNED_OUT']);
    asking.close();
  });

  test('goes on round after round, and not after it was closed', async () => {
    open('ada');
    const asking = introspector();
    for (let round = 1; round <= 3; round += 1) {
      await time.advanceAsync(60_000);
      await expect.poll(() => asked).toHaveLength(round);
      await expect.poll(() => time.pendingTimers).toBe(1);
    }
    asking.close();
    await time.advanceAsync(120_000);
    expect(asked).toHaveLength(3);
  });

  test.each([
    ['does not answer', () => Promise.reject(new Error('fetch failed'))],
    ['refuses', () => new Response('no', { status: 401 })],
    ['answers something else', () => new Response('<html>', { status: 200 })],
  ])('throws nobody out when the provider %s', async (_, strange) => {
    open('ada');
    answer = strange;
    const asking = introspector();
    await asking.askAll();
    expect(failures).toHaveLength(1);
    expect(failures[0]).not.toContain('token of');
    expect(ended).toEqual([]);
    asking.close();
  });

  test('does not end a connection whose token was renewed while it asked', async () => {
    const session = open('ada');
    answer = () => {
      session.renew(session.identity, 'a newer token');
      return Response.json({ active: false });
    };
    const asking = introspector();
    await asking.askAll();
    expect(ended).toEqual([]);
    asking.close();
  });
});
