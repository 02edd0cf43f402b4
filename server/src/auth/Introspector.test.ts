import { ManualTime } from '@parley/media/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { Introspector } from './Introspector.js';
import { SessionRegistry } from './SessionRegistry.js';

const ISSUER = 'https://id.example/realms/parley';

let time: ManualTime;
let sessions: SessionRegistry;
let asked: { url: string; init: RequestInit }[];
let answer: (token: string) => Response | Promise<Response>;
let failures: string[];
let ended: string[];
beforeEach(() => {
  time = new ManualTime();
  sessions = new SessionRegistry({ time });
  asked = [];
  failures = [];
  ended = [];
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
    time,
    fetch: async (url, init = {}) => {
      asked.push({ url: String(url), init });
      return answer(new URLSearchParams(String(init.body)).get('token') ?? '');
    },
  });
}

function open(name: string, overrides: { issuer?: string; token?: string | undefined } = {}) {
  const { issuer = ISSUER, token = `token of ${name}` } = overrides;
  return sessions.open({
    identity: { issuer, subject: name, displayName: name, roles: [] },
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
