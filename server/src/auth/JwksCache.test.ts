import { ManualTime } from '@parley/media/testing';
import type { JSONWebKeySet } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JwksCache } from './JwksCache.js';
import { TokenVerifier } from './TokenVerifier.js';
import { AUDIENCE, ISSUER, NOW, SigningIssuer } from './testing/SigningIssuer.js';

let time: ManualTime;
let issuer: SigningIssuer;
let fetched: number;
let answer: () => Response | Promise<Response>;
let failures: string[];
let cache: JwksCache;
beforeEach(async () => {
  time = new ManualTime(1_000_000);
  issuer = await SigningIssuer.create();
  fetched = 0;
  failures = [];
  serve(issuer.jwks);
  cache = new JwksCache({
    url: 'https://id.example/certs',
    time,
    onFailure: (reason) => failures.push(reason),
    fetch: async () => {
      fetched += 1;
      return answer();
    },
  });
});
afterEach(() => cache.close());

function serve(jwks: JSONWebKeySet): void {
  answer = () => Response.json(jwks);
}

function away(): void {
  answer = () => Promise.reject(new Error('fetch failed'));
}

const verify = (token: string) =>
  new TokenVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    keyFor: cache.keyFor,
    ready: () => cache.ready,
    now: () => NOW,
  }).verify(token);

describe('the keys of an identity provider', () => {
  test('K9 are asked for once when 10,000 tokens come with keys that nobody knows within 10 s', async () => {
    await cache.start();
    await time.advanceAsync(60_000);
    const before = fetched;
    const stranger = await SigningIssuer.create();
    const header = { alg: 'RS256', kid: '' };
    const [, payload = '', signature = ''] = (await stranger.sign()).split('.');
    for (let batch = 0; batch < 100; batch += 1) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => {
          const head = Buffer.from(JSON.stringify({ ...header, kid: `k${batch}-${index}` })).toString('base64url');
          return verify(`${head}.${payload}.${signature}`).catch(() => {});
        }),
      );
      time.advance(100);
    }
    expect(fetched - before).toBe(1);
    await expect(verify(await issuer.sign())).resolves.toBeDefined();
  });

  test('K10 warm: go on being good for an hour without the provider, which is asked again and again', async () => {
    await cache.start();
    away();
    await time.advanceAsync(3_600_000, 10_000);
    await expect(verify(await issuer.sign())).resolves.toBeDefined();
    expect(failures.length).toBeGreaterThan(10);
    expect(failures.length).toBeLessThan(40);
    serve(issuer.jwks);
    await time.advanceAsync(400_000, 10_000);
    expect(cache.ageMs).toBeLessThan(400_000);
  });

  test('K10 cold: are not there, which is said and tried again until they are', async () => {
    away();
    await cache.start();
    expect(cache.ready).toBe(false);
    await expect(verify(await issuer.sign())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    serve(issuer.jwks);
    await time.advanceAsync(5_000, 500);
    expect(cache.ready).toBe(true);
    await expect(verify(await issuer.sign())).resolves.toBeDefined();
  });

  test('K10 are trusted no more after a day, whatever the reason', async () => {
    await cache.start();
    away();
    await time.advanceAsync(24 * 3_600_000 + 1_000, 60_000);
    expect(cache.ready).toBe(false);
    await expect(verify(await issuer.sign())).rejects.toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
  });

  test('K11 change: a new one is taken with one fetch, an old one is refused once it is gone', async () => {
    await cache.start();
    await time.advanceAsync(60_000);
    const next = await SigningIssuer.create();
    serve({ keys: [...issuer.jwks.keys, ...next.jwks.keys] });
    const before = fetched;
    await expect(verify(await next.sign())).resolves.toBeDefined();
    expect(fetched - before).toBe(1);
    await expect(verify(await issuer.sign())).resolves.toBeDefined();
    serve(next.jwks);
    await time.advanceAsync(6 * 60_000, 10_000);
    await expect(verify(await issuer.sign())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test.each([
    ['much too long', () => new Response('x'.repeat(100_000))],
    ['no JSON', () => new Response('<html>')],
    ['no keys', () => Response.json({ keys: 'none' })],
    ['an error', () => new Response('no', { status: 500 })],
  ])('that come as %s leave the ones that are there', async (_, strange) => {
    await cache.start();
    answer = strange;
    await time.advanceAsync(6 * 60_000, 10_000);
    expect(failures.length).toBeGreaterThan(0);
    await expect(verify(await issuer.sign())).resolves.toBeDefined();
  });

  test('are not asked for any more after the end', async () => {
    await cache.start();
    cache.close();
    await time.advanceAsync(3_600_000, 60_000);
    expect(fetched).toBe(1);
    expect(time.pendingTimers).toBe(0);
  });
});
