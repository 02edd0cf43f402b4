import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParleyError } from '@parley/client-sdk/protocol';
import { ManualTime } from '@parley/media/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { FileRevocationStore } from '../store/files/FileRevocationStore.js';
import type { Identity } from './Authenticator.js';
import { EXPIRY_GRACE_MS, EXPIRY_NOTICE_MS, SessionRegistry } from './SessionRegistry.js';

const NOW = 1_800_000_000_000;
const LIFE_MS = 300_000;

let time: ManualTime;
let wallClockMs: number;
let sessions: SessionRegistry;
beforeEach(() => {
  time = new ManualTime();
  wallClockMs = NOW;
  sessions = new SessionRegistry({ time, wallClock: () => wallClockMs });
});

function identityOf(overrides: Partial<Identity> = {}): Identity {
  return {
    issuer: 'https://id.example/realms/parley',
    subject: 'ada',
    displayName: 'Ada',
    nameSource: 'signedIn',
    roles: ['participant'],
    sessionId: 's1',
    issuedAtMs: wallClockMs,
    expiresAtMs: wallClockMs + LIFE_MS,
    ...overrides,
  };
}

function open(identity = identityOf()) {
  const seen: string[] = [];
  const session = sessions.open({
    identity,
    onExpiring: () => seen.push('expiring'),
    onEnd: (error: ParleyError) => seen.push(error.code),
  });
  return { session, seen };
}

/** Both clocks go on. */
function pass(ms: number): void {
  wallClockMs += ms;
  time.advance(ms);
}

describe('a session', () => {
  test('K13 asks for a newer token a minute before the old one runs out, and goes on untouched with it', () => {
    const { session, seen } = open();
    pass(LIFE_MS - EXPIRY_NOTICE_MS - 1);
    expect(seen).toEqual([]);
    pass(1);
    expect(seen).toEqual(['expiring']);
    session.renew(identityOf());
    pass(LIFE_MS - EXPIRY_NOTICE_MS);
    expect(seen).toEqual(['expiring', 'expiring']);
  });

  test('K13 asks for no other token where it was given the same one again', () => {
    const { session, seen } = open();
    pass(LIFE_MS - EXPIRY_NOTICE_MS);
    const same = session.identity;
    session.renew(same);
    pass(EXPIRY_NOTICE_MS);
    expect(seen).toEqual(['expiring']);
    pass(EXPIRY_GRACE_MS);
    expect(seen).toEqual(['expiring', 'TOKEN_EXPIRED']);
  });

  test.each([
    [90_000, 13],
    [60_000, 20],
    [10_000, 120],
    [1_000, 120],
  ])('K13 with tokens that live %i ms is renewed %i times in ten minutes, not without end', (lifeMs, most) => {
    let renewals = 0;
    const identity = () => identityOf({ expiresAtMs: wallClockMs + lifeMs });
    const seen: string[] = [];
    const session = sessions.open({
      identity: identity(),
      onExpiring: () => {
        renewals += 1;
        session.renew(identity());
      },
      onEnd: ({ code }) => seen.push(code),
    });
    for (let second = 0; second < 600; second += 1) pass(1_000);
    expect(renewals).toBeGreaterThan(9);
    expect(renewals).toBeLessThanOrEqual(most);
    expect(seen).toEqual([]);
    session.close();
  });

  test('K14 ends 30 s after its token ran out, once, when no newer one came', () => {
    const { seen } = open();
    pass(LIFE_MS + EXPIRY_GRACE_MS - 1);
    expect(seen).toEqual(['expiring']);
    pass(1);
    expect(seen).toEqual(['expiring', 'TOKEN_EXPIRED']);
    expect(sessions.size).toBe(0);
    expect(time.pendingTimers).toBe(0);
  });

  test.each([
    ['another person', { subject: 'ben' }],
    ['another sign-in of the same person', { sessionId: 's2' }],
    ['another issuer', { issuer: 'https://other.example' }],
    ['another room', { room: { name: 'b', grants: [] } }],
  ])('K15 refuses the token of %s and stays as it was', (_, overrides) => {
    const { session, seen } = open();
    pass(100_000);
    expect(() => session.renew(identityOf(overrides))).toThrow(expect.objectContaining({ code: 'TOKEN_MISMATCH' }));
    expect(session.identity.subject).toBe('ada');
    pass(LIFE_MS + EXPIRY_GRACE_MS - 100_000);
    expect(seen).toEqual(['expiring', 'TOKEN_EXPIRED']);
  });

  test('K17 takes no older token: what it granted may have been taken away since', () => {
    const moderator = identityOf({ roles: ['participant', 'moderator'] });
    const { session, seen } = open(moderator);
    pass(100_000);
    session.renew(identityOf());
    expect(() => session.renew(moderator)).toThrow(expect.objectContaining({ code: 'TOKEN_MISMATCH' }));
    expect(session.identity.roles).toEqual(['participant']);
    pass(LIFE_MS - EXPIRY_NOTICE_MS);
    expect(seen).toEqual(['expiring']);
  });

  test('K12 that has ended is renewed by nothing, and waits for nothing', () => {
    const { session } = open();
    sessions.signOut({ issuer: identityOf().issuer, sessionId: 's1' });
    expect(() => session.renew(identityOf())).toThrow(expect.objectContaining({ code: 'SIGNED_OUT' }));
    const other = open(identityOf({ sessionId: 's2' }));
    other.session.close();
    expect(() => other.session.renew(identityOf({ sessionId: 's2' }))).toThrow(
      expect.objectContaining({ code: 'CONNECTION_LOST' }),
    );
    expect(time.pendingTimers).toBe(0);
    expect(sessions.size).toBe(0);
  });

  test('K18 keeps its end when the wall clock is set back or forth while it runs', () => {
    const { seen } = open();
    wallClockMs -= 3_600_000;
    time.advance(LIFE_MS + EXPIRY_GRACE_MS - 1);
    expect(seen).toEqual(['expiring']);
    wallClockMs += 7_200_000;
    time.advance(1);
    expect(seen).toEqual(['expiring', 'TOKEN_EXPIRED']);
  });

  test('of a guest has no end by itself', () => {
    const { issuer: _, ...rest } = identityOf({ issuer: 'guest' });
    const { expiresAtMs: __, sessionId: ___, ...guest } = rest;
    const { seen } = open({ ...guest, issuer: 'guest' });
    pass(30 * 24 * 3_600_000);
    expect(seen).toEqual([]);
  });

  test('ends after the longest time that a connection may last, however often its token was renewed', () => {
    sessions = new SessionRegistry({ time, wallClock: () => wallClockMs, longestMs: 500_000 });
    const { session, seen } = open();
    pass(200_000);
    session.renew(identityOf());
    pass(200_000);
    session.renew(identityOf());
    pass(99_999);
    expect(seen).not.toContain('SESSION_TOO_LONG');
    pass(1);
    expect(seen.at(-1)).toBe('SESSION_TOO_LONG');
  });

  test('that was closed hears nothing more', () => {
    const { session, seen } = open();
    session.close();
    pass(LIFE_MS * 2);
    expect(sessions.signOut({ issuer: identityOf().issuer, subject: 'ada' })).toBe(0);
    expect(seen).toEqual([]);
    expect(time.pendingTimers).toBe(0);
  });
});

test('H20 a session whose token somebody revoked ends, that token opens and renews nothing, and others go on', () => {
  const revoked = new Set<string>();
  sessions = new SessionRegistry({
    time,
    wallClock: () => wallClockMs,
    isRevoked: ({ roomToken }) => revoked.has(roomToken?.id ?? ''),
  });
  const withToken = (id: string) => identityOf({ roomToken: { id, mintedBy: 'key:a' } });
  const [ada, ben] = [open(withToken('1')), open(withToken('2'))];
  expect(sessions.endRevoked()).toBe(0);
  revoked.add('1');
  expect(sessions.endRevoked()).toBe(1);
  expect([ada.seen, ben.seen]).toEqual([['SIGNED_OUT'], []]);
  const refused = expect.objectContaining({ code: 'SIGNED_OUT' });
  expect(() => open(withToken('1'))).toThrow(refused);
  expect(() => ben.session.renew(withToken('1'))).toThrow(refused);
  expect(sessions.size).toBe(1);
});

describe('a sign-out at the identity provider', () => {
  test('ends the connections of that sign-in and of no other', () => {
    const one = open();
    const other = open(identityOf({ sessionId: 's2' }));
    expect(sessions.signOut({ issuer: identityOf().issuer, subject: 'ada', sessionId: 's1' })).toBe(1);
    expect(one.seen).toEqual(['SIGNED_OUT']);
    expect(other.seen).toEqual([]);
  });

  test('ends all connections of a person where it names no sign-in', () => {
    const one = open();
    const other = open(identityOf({ sessionId: 's2' }));
    const ben = open(identityOf({ subject: 'ben', sessionId: 's3' }));
    expect(sessions.signOut({ issuer: identityOf().issuer, subject: 'ada' })).toBe(2);
    expect([...one.seen, ...other.seen]).toEqual(['SIGNED_OUT', 'SIGNED_OUT']);
    expect(ben.seen).toEqual([]);
  });

  test('K12 keeps out who comes back with the old token, and lets in who signs in again', () => {
    const old = identityOf();
    sessions.signOut({ issuer: old.issuer, subject: 'ada' });
    expect(() => open(old)).toThrow(expect.objectContaining({ code: 'SIGNED_OUT' }));
    pass(1_000);
    expect(open(identityOf({ sessionId: 's9' })).session.identity.sessionId).toBe('s9');
    sessions.signOut({ issuer: old.issuer, sessionId: 's9' });
    pass(1_000);
    // A refreshed token of a sign-in that is over.
    expect(() => open(identityOf({ sessionId: 's9' }))).toThrow(expect.objectContaining({ code: 'SIGNED_OUT' }));
  });

  test('refuses a newer token of a sign-in that is over', () => {
    const { session } = open();
    const other = open(identityOf({ sessionId: 's2' }));
    sessions.signOut({ issuer: identityOf().issuer, sessionId: 's1' });
    expect(() => session.renew(identityOf())).toThrow(expect.objectContaining({ code: 'SIGNED_OUT' }));
    expect(other.seen).toEqual([]);
  });

  test('of everybody before a moment ends their connections and refuses their tokens', () => {
    const early = open();
    pass(10_000);
    const late = open(identityOf({ sessionId: 's2' }));
    expect(sessions.notBefore({ issuer: identityOf().issuer, notBeforeMs: NOW + 5_000 })).toBe(1);
    expect(early.seen).toEqual(['SIGNED_OUT']);
    expect(late.seen).toEqual([]);
    expect(() => open(identityOf({ issuedAtMs: NOW }))).toThrow(expect.objectContaining({ code: 'SIGNED_OUT' }));
  });

  test('K12 holds over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-revocations-'));
    const failures: string[] = [];
    const start = () =>
      SessionRegistry.create({
        time,
        wallClock: () => wallClockMs,
        revocations: new FileRevocationStore({
          file: join(folder, 'keys', 'revocations.jsonl'),
          capacity: 100,
          onFailure: (reason) => failures.push(reason),
        }),
        onNotKept: (reason) => failures.push(reason),
      });
    const { issuer } = identityOf();
    sessions = await start();
    sessions.signOut({ issuer, sessionId: 's1' });
    sessions.signOut({ issuer, subject: 'ben' });
    sessions.notBefore({ issuer: 'https://other.example', notBeforeMs: NOW + 1_000 });
    sessions.notBefore({ issuer: 'https://other.example', notBeforeMs: NOW });
    await sessions.kept();
    appendFileSync(join(folder, 'keys', 'revocations.jsonl'), '{"key":"cut o');
    sessions = await start();
    const refused = expect.objectContaining({ code: 'SIGNED_OUT' });
    expect(() => open()).toThrow(refused);
    expect(() => open(identityOf({ subject: 'ben', sessionId: 's2' }))).toThrow(refused);
    expect(() => open(identityOf({ issuer: 'https://other.example', sessionId: 's2' }))).toThrow(refused);
    expect(() => open(identityOf({ sessionId: 's3' }))).not.toThrow();
    pass(25 * 3_600_000);
    sessions = await start();
    expect(() => open(identityOf({ issuedAtMs: NOW }))).not.toThrow();
    expect(failures).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('that cannot be kept holds until the end all the same, and it is said why', async () => {
    const reasons: string[] = [];
    const taken: (() => void)[] = [];
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    sessions = await SessionRegistry.create({
      time,
      wallClock: () => wallClockMs,
      revocations: {
        load: async () => [],
        append: () => new Promise((_, reject) => taken.push(() => reject(full))),
      },
      onNotKept: (reason) => reasons.push(reason),
    });
    const { seen } = open();
    expect(sessions.signOut({ issuer: identityOf().issuer, sessionId: 's1' })).toBe(1);
    expect(seen).toEqual(['SIGNED_OUT']);
    expect(() => open()).toThrow(expect.objectContaining({ code: 'SIGNED_OUT' }));
    let kept = false;
    const waiting = sessions.kept().then(() => {
      kept = true;
    });
    await Promise.resolve();
    expect([kept, reasons]).toEqual([false, []]);
    for (const fail of taken) fail();
    await waiting;
    expect(reasons).toEqual(['ENOSPC']);
  });

  test('is forgotten once no token from before can hold, and never takes more than its room', () => {
    const { issuer } = identityOf();
    for (let index = 0; index < 20_000; index += 1) sessions.signOut({ issuer, sessionId: `x${index}` });
    expect(() => open(identityOf({ sessionId: 'x19999' }))).toThrow();
    expect(() => open(identityOf({ sessionId: 'x0' }))).not.toThrow();
    pass(25 * 3_600_000);
    sessions.signOut({ issuer, sessionId: 'y' });
    expect(() => open(identityOf({ sessionId: 'x19999' }))).not.toThrow();
  });
});
