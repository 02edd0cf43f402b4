import { expect, test } from 'vitest';
import { createAuditLog, whoOf } from './AuditLog.js';

test('writes one line of JSON for each event, with its time', () => {
  const lines: string[] = [];
  const log = createAuditLog({ stream: { write: (line) => void lines.push(line) } });
  log.record({ event: 'denied', what: 'connect', code: 'UNAUTHENTICATED' });
  log.record({ event: 'signedOut', issuer: 'https://id.example', connections: 2 });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'denied', what: 'connect', code: 'UNAUTHENTICATED', time: expect.stringMatching(/^\d{4}-.*Z$/) },
    { event: 'signedOut', connections: 2 },
  ]);
  expect(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
});

test('names those whom a provider knows, and of guests a digest of their secret', () => {
  expect(whoOf({ issuer: 'https://id.example', subject: 'u-1' })).toBe('https://id.example#u-1');
  const guest = whoOf({ issuer: 'guest', subject: 'a-random-subject-1234' });
  expect(guest).toMatch(/^guest#[\w-]{16}$/);
  expect(whoOf({ issuer: 'guest', subject: 'a-random-subject-1234' })).toBe(guest);
});
