import { expect, test } from 'vitest';
import { disconnectReasonOf } from './disconnectReasons.js';
import { type ErrorCode, errorOf } from './protocol/index.js';

test.each<[ErrorCode, string]>([
  ['REMOVED', 'removed'],
  ['FLOODING', 'removed'],
  ['MEETING_ENDED', 'meetingEnded'],
  ['DUPLICATE_PARTICIPANT', 'replaced'],
  ['SIGNED_OUT', 'signedOut'],
  ['TOKEN_EXPIRED', 'tokenExpired'],
  ['SESSION_TOO_LONG', 'tokenExpired'],
  ['UNAUTHENTICATED', 'refused'],
  ['ROOM_LOCKED', 'refused'],
  ['PROTOCOL_VERSION_UNSUPPORTED', 'refused'],
  ['CONNECTION_LOST', 'connectionLost'],
])('a client that is over by %s was %s', (code, reason) => {
  expect(disconnectReasonOf({ error: errorOf(code) })).toBe(reason);
});

test('who is not let in again because the only token ran out hears of the token', () => {
  const error = errorOf('UNAUTHENTICATED');
  expect(disconnectReasonOf({ error, lastLoss: errorOf('TOKEN_EXPIRED') })).toBe('tokenExpired');
  expect(disconnectReasonOf({ error, lastLoss: errorOf('CONNECTION_LOST') })).toBe('refused');
});
