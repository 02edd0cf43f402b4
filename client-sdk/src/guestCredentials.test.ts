import { afterEach, expect, test, vi } from 'vitest';
import { guestCredentials } from './guestCredentials.js';
import { handshakeSchema } from './protocol/schema.js';

afterEach(() => vi.unstubAllGlobals());

function storage(initial: Record<string, string> = {}) {
  const kept = new Map(Object.entries(initial));
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

function subjectOf(credentials: ReturnType<typeof guestCredentials>): string {
  if (credentials.kind !== 'guest') throw new Error('not a guest');
  return credentials.subject;
}

test('are what the server takes, with 192 random bits that this browser profile keeps', () => {
  const local = storage();
  vi.stubGlobal('localStorage', local);
  const credentials = guestCredentials({ displayName: 'Ada', joinSecret: 'let-me-in' });
  expect(handshakeSchema.safeParse({ protocolVersion: 1, credentials }).success).toBe(true);
  expect(credentials).toMatchObject({ kind: 'guest', displayName: 'Ada', joinSecret: 'let-me-in' });
  expect(subjectOf(credentials)).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(subjectOf(guestCredentials({ displayName: 'Ada again' }))).toBe(subjectOf(credentials));
  expect([...local.kept.values()]).toEqual([subjectOf(credentials)]);
});

test('of another browser profile are somebody else', () => {
  vi.stubGlobal('localStorage', storage());
  const first = subjectOf(guestCredentials({ displayName: 'Ada' }));
  vi.stubGlobal('localStorage', storage());
  expect(subjectOf(guestCredentials({ displayName: 'Ada' }))).not.toBe(first);
});

test('do not use what somebody else has left under the key', () => {
  for (const value of ['', 'short', 'with spaces in it, long', 'x'.repeat(129)]) {
    vi.stubGlobal('localStorage', storage({ 'parley.subject': value }));
    expect(subjectOf(guestCredentials({ displayName: 'Ada' }))).toMatch(/^[A-Za-z0-9_-]{32}$/);
  }
});

test('stay the same for as long as the page lives where storage is refused', () => {
  vi.stubGlobal('localStorage', {
    getItem: () => {
      throw new DOMException('refused', 'SecurityError');
    },
  });
  const first = subjectOf(guestCredentials({ displayName: 'Ada' }));
  expect(subjectOf(guestCredentials({ displayName: 'Ada' }))).toBe(first);
});
