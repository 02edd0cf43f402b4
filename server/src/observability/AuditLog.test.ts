import { ManualTime } from '@parley/media/testing';
import { expect, test } from 'vitest';
import { createAuditLog, whoOf } from './AuditLog.js';

test('writes one line of JSON for each event, with its time', () => {
  const lines: string[] = [];
  const log = createAuditLog({ stream: { write: (line) => void lines.push(line) } });
  log.record({ event: 'denied', what: 'connect', code: 'UNAUTHENTICATED' });
  log.record({ event: 'signedOut', by: 'logout', issuer: 'https://id.example', connections: 2 });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'denied', what: 'connect', code: 'UNAUTHENTICATED', time: expect.stringMatching(/^\d{4}-.*Z$/) },
    { event: 'signedOut', connections: 2 },
  ]);
  expect(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
});

test('writes of each kind of refusal so many lines a minute, and the rest as a number; of what people did, every line', () => {
  const time = new ManualTime();
  const events: Record<string, unknown>[] = [];
  const log = createAuditLog({ stream: { write: (line) => void events.push(JSON.parse(line)) }, time });
  const of = (event: string) => events.filter((each) => each.event === event);
  for (let count = 0; count < 10_000; count += 1) {
    log.record({ event: 'denied', what: 'connect', code: 'JOIN_SECRET_REQUIRED' });
    log.record({ event: 'ended', code: 'RATE_LIMITED', who: 'guest#x' });
  }
  for (let count = 0; count < 200; count += 1) {
    log.record({ event: 'left', room: 'daily', meetingId: 'm', participantId: `p${count}`, reason: 'left' });
  }
  log.record({ event: 'denied', what: 'join', code: 'ROOM_LOCKED' });
  expect([of('denied').length, of('ended').length, of('left').length]).toEqual([61, 60, 200]);
  time.advance(60_000);
  expect(of('heldBack')).toMatchObject([
    { kind: 'denied connect JOIN_SECRET_REQUIRED', count: 9_940 },
    { kind: 'ended RATE_LIMITED', count: 9_940 },
  ]);
  log.record({ event: 'denied', what: 'connect', code: 'JOIN_SECRET_REQUIRED' });
  expect(of('denied')).toHaveLength(62);
  log.close();
  expect(time.pendingTimers).toBe(0);
  expect(of('heldBack')).toHaveLength(2);
});

test('H6 of one who does the same over and over writes so many lines a minute, and of what is done to others every one', () => {
  const time = new ManualTime();
  const events: Record<string, unknown>[] = [];
  const log = createAuditLog({ stream: { write: (line) => void events.push(JSON.parse(line)) }, time });
  const where = { room: 'r', meetingId: 'm', participantId: 'mia' };
  for (let count = 0; count < 200; count += 1) {
    log.record({ event: 'moderated', action: 'mute', of: 'ben', ...where });
    log.record({ event: 'moderated', action: 'liftMute', of: 'ben', ...where });
    log.record({ event: 'floodStopped', action: 'mute', limit: 'packets', ...where });
    log.record({ event: 'tokensRevoked', of: 'key:a', connections: 0 });
  }
  for (let count = 0; count < 30; count += 1) {
    log.record({ event: 'moderated', action: 'mute', of: `p${count}`, ...where });
    log.record({ event: 'tokensRevoked', of: 'key:a', token: `t${count}`, connections: 0 });
  }
  const of = (event: string) => events.filter((each) => each.event === event).length;
  expect([of('moderated'), of('floodStopped'), of('tokensRevoked')]).toEqual([50, 10, 40]);
  time.advance(60_000);
  expect(events.filter(({ event }) => event === 'heldBack').map(({ count }) => count)).toEqual([190, 190, 190, 190]);
});

test('H6 of one who comes and goes without end writes so many lines a minute, and of others every one', () => {
  const time = new ManualTime();
  const events: Record<string, unknown>[] = [];
  const log = createAuditLog({ stream: { write: (line) => void events.push(JSON.parse(line)) }, time });
  const joined = (who: string) =>
    log.record({ event: 'joined', who, grants: ['join'], room: 'r', meetingId: 'm', participantId: `p of ${who}` });
  const left = (who: string) =>
    log.record({ event: 'left', room: 'r', meetingId: 'm', participantId: `p of ${who}`, reason: 'left' });
  for (let count = 0; count < 600; count += 1) {
    joined('eve');
    left('eve');
  }
  for (let count = 0; count < 100; count += 1) joined(`guest ${count}`);
  const of = (event: string) => events.filter((each) => each.event === event);
  expect([of('joined').length, of('left').length]).toEqual([110, 10]);
  time.advance(60_000);
  expect(of('heldBack')).toMatchObject([
    { kind: 'joined eve', count: 590 },
    { kind: 'left p of eve', count: 590 },
  ]);
});

test('H10 of one who changes a room again and again writes so many lines a minute, and of others every one', () => {
  const time = new ManualTime();
  const events: Record<string, unknown>[] = [];
  const log = createAuditLog({ stream: { write: (line) => void events.push(JSON.parse(line)) }, time });
  const changed = (participantId: string) =>
    log.record({ event: 'roomSettingsChanged', room: 'r', meetingId: 'm', participantId, settings: ['prompt'] });
  for (let count = 0; count < 60; count += 1) changed('eve');
  changed('ada');
  time.advance(60_000);
  expect(events.filter(({ event }) => event === 'roomSettingsChanged')).toHaveLength(11);
  expect(events.at(-1)).toMatchObject({ event: 'heldBack', kind: 'roomSettingsChanged eve', count: 50 });
});

test('H6 of ten thousand who come in a minute, each once, writes 600 lines and a number', () => {
  const time = new ManualTime();
  const lines: string[] = [];
  const log = createAuditLog({ stream: { write: (line) => void lines.push(line) }, time });
  for (let count = 0; count < 10_000; count += 1) {
    const participantId = `p${count}`;
    log.record({ event: 'joined', who: `${count}`, grants: ['join'], room: 'r', meetingId: 'm', participantId });
  }
  log.close();
  const counted = lines.map((line) => JSON.parse(line) as { count?: number }).map(({ count = 1 }) => count);
  expect(counted.length).toBeLessThan(620);
  expect(counted.reduce((sum, count) => sum + count)).toBe(10_000);
  expect(time.pendingTimers).toBe(0);
});

test('names those whom a provider knows, and of guests a digest of their secret', () => {
  expect(whoOf({ issuer: 'https://id.example', subject: 'u-1' })).toBe('https://id.example#u-1');
  const guest = whoOf({ issuer: 'guest', subject: 'a-random-subject-1234' });
  expect(guest).toMatch(/^guest#[\w-]{16}$/);
  expect(whoOf({ issuer: 'guest', subject: 'a-random-subject-1234' })).toBe(guest);
});
