import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ConnectionLimiter } from './ConnectionLimiter.js';
import { MessageLimiter } from './MessageLimiter.js';
import { iceServersFor } from './turnCredentials.js';

const request = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

describe('connections from one address', () => {
  test('are so many in a minute, and so many at a time', async () => {
    const limiter = new ConnectionLimiter({ connectsPerMinute: 3, sockets: 2, trustedProxies: [] });
    const close = limiter.opened('a');
    limiter.opened('a');
    expect(await limiter.mayConnect('a')).toBe(false);
    close();
    close();
    expect(await limiter.mayConnect('a')).toBe(true);
    expect(await limiter.mayConnect('a')).toBe(true);
    expect(await limiter.mayConnect('a')).toBe(true);
    expect(await limiter.mayConnect('a')).toBe(false);
    expect(await limiter.mayConnect('b')).toBe(true);
  });

  test.each([
    ['the socket says so', request('::ffff:10.0.0.7'), '10.0.0.7'],
    ['nobody may say otherwise', request('10.0.0.7', '1.2.3.4'), '10.0.0.7'],
    ['our proxy says so', request('10.0.0.1', '1.2.3.4'), '1.2.3.4'],
    ['our proxy says so, whatever the client put before', request('10.0.0.1', '6.6.6.6, 1.2.3.4'), '1.2.3.4'],
    ['two of our proxies say so', request('10.0.0.1', '1.2.3.4, 10.0.0.2'), '1.2.3.4'],
    ['our proxy says nothing', request('10.0.0.1'), '10.0.0.1'],
  ])('are those of an address because %s', (_, from, address) => {
    const limiter = new ConnectionLimiter({
      connectsPerMinute: 1,
      sockets: 1,
      trustedProxies: ['10.0.0.1', '10.0.0.2'],
    });
    expect(limiter.addressOf(from)).toBe(address);
  });
});

describe('messages', () => {
  test('are bounded over a socket and over all sockets of a person', async () => {
    const limiter = new MessageLimiter({ perSecond: 1, burst: 3 });
    const take = (socketId: string, person = 'ada') => limiter.take({ socketId, person });
    for (let count = 0; count < 3; count += 1) await take('one');
    await expect(take('one')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true });
    for (let count = 0; count < 3; count += 1) await take('two');
    await expect(take('three')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(take('four', 'ben')).resolves.toBeUndefined();
  });

  test('say when there is room again', async () => {
    const limiter = new MessageLimiter({ perSecond: 10, burst: 1 });
    await limiter.take({ socketId: 'one', person: 'ada' });
    await limiter.take({ socketId: 'one', person: 'ada' }).catch(({ retryAfterMs }: { retryAfterMs: number }) => {
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(100);
    });
  });

  test('that are refused again and again end the patience', async () => {
    const limiter = new MessageLimiter({ perSecond: 1, burst: 1 });
    const answers: boolean[] = [];
    for (let count = 0; count < 101; count += 1) answers.push(await limiter.refuse('one'));
    expect(answers.indexOf(true)).toBe(100);
    expect(await limiter.refuse('two')).toBe(false);
  });
});

describe('relays', () => {
  const urls = ['turns:turn.example:443'];

  test('with a shared secret come with credentials for this participant and a while', () => {
    const nowMs = 1_800_000_000_000;
    const [server] = iceServersFor({ turn: { urls, secret: 's3cret', ttlS: 300 }, participantId: 'p_1', nowMs });
    expect(server?.username).toBe('1800000300:p_1');
    expect(server?.credential).toBe(createHmac('sha1', 's3cret').update('1800000300:p_1').digest('base64'));
  });

  test('with an account of their own come with it, and where there are none nothing comes', () => {
    const turn = { urls, username: 'u', credential: 'c', ttlS: 300 };
    expect(iceServersFor({ turn, participantId: 'p', nowMs: 0 })).toEqual([{ urls, username: 'u', credential: 'c' }]);
    expect(iceServersFor({ turn: { urls: ['stun:s.example'], ttlS: 300 }, participantId: 'p', nowMs: 0 })).toEqual([
      { urls: ['stun:s.example'] },
    ]);
    expect(iceServersFor({ turn: { urls: [], ttlS: 300 }, participantId: 'p', nowMs: 0 })).toEqual([]);
  });
});
