import { ManualTime } from '@parley/media/testing';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { AuditEvent } from '../observability/AuditLog.js';
import { FloodPolice } from './FloodPolice.js';

const audited: AuditEvent[] = [];
const policeWith = (time: ManualTime) =>
  new FloodPolice({
    meeting: { room: 'daily', meetingId: 'm' },
    logger: pino({ level: 'silent' }),
    audit: { record: (event) => void audited.push(event) },
    time,
  });

test('H1 whoever floods is muted, and removed where that goes on for ten seconds or happens three times', () => {
  const time = new ManualTime();
  const police = policeWith(time);
  const verdicts = [];
  for (let second = 0; second <= 10; second += 1, time.advance(1_000)) verdicts.push(police.report('mallory'));
  expect(verdicts).toEqual([...Array<string>(10).fill('mute'), 'remove']);
  expect(police.report('ada')).toBe('mute');
});

test('H1 one flood is one offence, however many reports it has, and is forgotten after ten minutes', () => {
  const time = new ManualTime();
  const police = policeWith(time);
  const flood = (afterMs: number) => {
    time.advance(afterMs);
    return Array.from({ length: 100 }, () => police.report('ada')).at(-1);
  };
  expect([flood(0), flood(60_000)]).toEqual(['mute', 'mute']);
  expect([flood(600_001), flood(60_000), flood(60_000)]).toEqual(['mute', 'mute', 'remove']);
});

test('H1 what is done about a flood is in the audit log, by ids and the limit', () => {
  audited.length = 0;
  policeWith(new ManualTime()).acted({ participantId: 'mallory', limit: 'packets', action: 'remove' });
  const where = { room: 'daily', meetingId: 'm', participantId: 'mallory' };
  expect(audited).toEqual([{ event: 'floodStopped', action: 'remove', limit: 'packets', ...where }]);
});
