import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LIMITS, ParleyError } from '@parley/client-sdk/protocol';
import { describe, expect, test } from 'vitest';
import { ConnectionLimiter } from './ConnectionLimiter.js';
import { clientAddressOf, limitKeyOf } from './clientAddress.js';
import { MessageLimiter } from './MessageLimiter.js';
import { TokenBuckets } from './TokenBuckets.js';
import { iceServersFor } from './turnCredentials.js';

const request = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

describe('connections from one address', () => {
  test('are so many in a minute, and so many at a time', async () => {
    const limiter = new ConnectionLimiter({ connectsPerMinute: 4, sockets: 2, connections: 100 });
    const first = await limiter.reserve('a');
    const second = await limiter.reserve('a');
    expect(await limiter.reserve('a')).toEqual({ refused: 'too many connections from this address' });
    for (const place of [first, first, second]) if ('release' in place) place.release();
    for (let count = 0; count < 2; count += 1) {
      const place = await limiter.reserve('a');
      if ('refused' in place) throw new Error(place.refused);
      place.release();
    }
    expect(await limiter.reserve('a')).toEqual({ refused: 'too many connections from this address' });
    expect(await limiter.reserve('b')).toHaveProperty('release');
  });

  test('H2 are no more when all of them come at once', async () => {
    const outcomes = async (limiter: ConnectionLimiter, addressOf: (index: number) => string) => {
      const places = await Promise.all(Array.from({ length: 40 }, (_, index) => limiter.reserve(addressOf(index))));
      return places.filter((place) => 'release' in place).length;
    };
    const limits = { connectsPerMinute: 100, sockets: 2, connections: 5 };
    expect(await outcomes(new ConnectionLimiter(limits), () => 'a')).toBe(2);
    expect(await outcomes(new ConnectionLimiter(limits), String)).toBe(5);
  });

  test.each([
    ['the socket says so', request('::ffff:10.0.0.7'), '10.0.0.7'],
    ['nobody may say otherwise', request('10.0.0.7', '1.2.3.4'), '10.0.0.7'],
    ['our proxy says so', request('10.0.0.1', '1.2.3.4'), '1.2.3.4'],
    ['our proxy says so, with a port', request('10.0.0.1', '1.2.3.4:5678'), '1.2.3.4'],
    ['our proxy says so, whatever the client put before', request('10.0.0.1', '6.6.6.6, 1.2.3.4'), '1.2.3.4'],
    ['two of our proxies say so', request('10.0.0.1', '1.2.3.4, 10.0.0.2'), '1.2.3.4'],
    ['our proxy says nothing', request('10.0.0.1'), '10.0.0.1'],
    ['our proxy of IPv6 says so', request('2001:db8::1', '[2001:DB8:7::9]:443'), '2001:db8:7::9'],
  ])('are those of an address because %s', (_, from, address) => {
    expect(clientAddressOf(from, { trustedProxies: ['10.0.0.1', '10.0.0.2', '2001:DB8::1'] })).toBe(address);
  });

  test.each([
    ['1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::ffff', '2001:db8:1:2::/64'],
    ['2001:0db8:0001::1', '2001:db8:1:0::/64'],
    ['fe80::1', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('from %s count for %s: whoever has one address of a network of 64 bits has all', (address, key) => {
    expect(limitKeyOf(address)).toBe(key);
  });
});

describe('messages', () => {
  let nowMs = 0;
  const limiterOf = (options: { perSecond: number; burst: number }) => {
    nowMs = 0;
    return new MessageLimiter({ guestsPerSecond: 3 * options.perSecond, ...options, now: () => nowMs });
  };
  const codeOf = (action: () => void) => {
    try {
      action();
      return 'ok';
    } catch (error) {
      return error instanceof ParleyError ? `${error.code} ${error.retryAfterMs}` : String(error);
    }
  };

  test('are bounded over a socket and over all sockets of a person', () => {
    const limiter = limiterOf({ perSecond: 1, burst: 3 });
    const take = (socketId: string, person = 'ada') => codeOf(() => limiter.take({ socketId, person }));
    for (let count = 0; count < 3; count += 1) expect(take('one')).toBe('ok');
    expect(take('one')).toBe('RATE_LIMITED 1000');
    for (let count = 0; count < 3; count += 1) expect(take('two')).toBe('ok');
    expect(take('three')).toBe('RATE_LIMITED 500');
    expect(take('four', 'ben')).toBe('ok');
  });

  test('H4 of guests are bounded by address, whatever they call themselves; those of people who signed in are not', () => {
    const limiter = limiterOf({ perSecond: 1, burst: 3 });
    const codes = Array.from({ length: 20 }, (_, index) =>
      codeOf(() => limiter.take({ socketId: `${index}`, person: `guest ${index}`, guestAt: 'a' })),
    );
    expect(codes.filter((code) => code === 'ok')).toHaveLength(9);
    expect(new Set(codes.slice(9))).toEqual(new Set(['RATE_LIMITED 334']));
    expect(codeOf(() => limiter.take({ socketId: 'x', person: 'ben', guestAt: 'b' }))).toBe('ok');
    expect(codeOf(() => limiter.take({ socketId: 'y', person: 'ada' }))).toBe('ok');
    nowMs += 1_000;
    expect(codeOf(() => limiter.take({ socketId: 'z', person: 'guest z', guestAt: 'a' }))).toBe('ok');
  });

  test('come back at the pace that was set, and the time until then is told', () => {
    const limiter = limiterOf({ perSecond: 10, burst: 1 });
    const take = () => codeOf(() => limiter.take({ socketId: 'one', person: 'ada' }));
    expect(take()).toBe('ok');
    nowMs = 40;
    expect(take()).toBe('RATE_LIMITED 60');
    nowMs = 100;
    expect(take()).toBe('ok');
  });

  test('are never more than the burst and the pace allow, over whatever stretch of time', () => {
    const limiter = limiterOf({ perSecond: 20, burst: 150 });
    const takenAtMs: number[] = [];
    for (nowMs = 0; nowMs < 60_000; nowMs += 3) {
      // Silent, then as loud as can be around what would be the end of a window.
      if (nowMs < 7_000) continue;
      if (codeOf(() => limiter.take({ socketId: 'one', person: 'ada' })) === 'ok') takenAtMs.push(nowMs);
    }
    for (const [index, fromMs] of takenAtMs.entries()) {
      const until = takenAtMs[index + 200];
      if (until !== undefined) expect((until - fromMs) / 1_000).toBeGreaterThanOrEqual((201 - 150) / 20 - 0.01);
    }
    expect(takenAtMs.length).toBeLessThanOrEqual(150 + 53 * 20);
  });

  test('that are refused again and again end the patience', () => {
    const limiter = limiterOf({ perSecond: 1, burst: 1 });
    const answers: boolean[] = [];
    for (let count = 0; count < 101; count += 1) answers.push(limiter.refuse('one'));
    expect(answers.indexOf(true)).toBe(100);
    expect(limiter.refuse('two')).toBe(false);
  });

  test('that change settings have a bound of their own for each socket, refilled over its window', () => {
    const limiter = limiterOf({ perSecond: 1_000, burst: 1_000 });
    const change = (socketId: string) => codeOf(() => limiter.takeChangeOfSettings(socketId));
    for (let count = 0; count < LIMITS.settingsChanges; count += 1) expect(change('one')).toBe('ok');
    expect(change('one')).toBe('RATE_LIMITED 1000');
    expect(change('two')).toBe('ok');
    nowMs = LIMITS.settingsChangeWindowMs;
    for (let count = 0; count < LIMITS.settingsChanges; count += 1) expect(change('one')).toBe('ok');
    expect(change('one')).toBe('RATE_LIMITED 1000');
  });

  test('of those who have gone are forgotten', () => {
    const buckets = new TokenBuckets({ perSecond: 1, burst: 2, now: () => nowMs });
    nowMs = 0;
    for (let index = 0; index < 5_000; index += 1) {
      nowMs += 10;
      buckets.take(`socket ${index}`);
    }
    expect(buckets.size).toBeLessThan(1_100);
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
