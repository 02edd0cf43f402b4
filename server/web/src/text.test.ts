import type { Segment } from '@parley/client-sdk';
import { describe, expect, test } from 'vitest';
import { captionSegments, clockText, gapText, hueOf, invitationOf } from './text.js';

const segment = (id: string, status: Segment['status']): Segment => ({
  id,
  meetingId: 'm',
  participantId: 'p',
  displayName: 'Ada',
  track: 'microphone',
  startMs: 0,
  endMs: 0,
  text: id,
  language: 'en',
  confidence: 1,
  revision: 1,
  status,
});

describe('texts of the page', () => {
  test('write times as people do', () => {
    expect([0, 7_400, 723_000, 3_723_000, -5].map(clockText)).toEqual(['0:00', '0:07', '12:03', '1:02:03', '0:00']);
  });

  test('say how much is missing and why', () => {
    expect(gapText({ startMs: 1_000, endMs: 4_200, reason: 'overloaded' })).toBe(
      '3 s of speech are missing: too much was said at once',
    );
    expect(gapText({ startMs: 0, endMs: 10 })).toContain('no reason is known');
  });

  test('show the newest lines big, and no gaps', () => {
    const segments = [segment('a', 'final'), segment('b', 'gap'), segment('c', 'final'), segment('d', 'interim')];
    expect(captionSegments(segments, 2).map(({ id }) => id)).toEqual(['c', 'd']);
    expect(captionSegments([], 2)).toEqual([]);
  });

  test('give each of eight participants a colour of their own, and keep it', () => {
    const ids = Array.from({ length: 8 }, (_, index) => `p_${index}`);
    const first = ids.map(hueOf);
    expect(new Set(first).size).toBe(8);
    expect(ids.map(hueOf)).toEqual(first);
    expect(hueOf('p_9')).toBe(first[0]);
  });

  test('read an invitation from the address', () => {
    expect(invitationOf({ search: '?room=daily', hash: '#secret=abc' })).toEqual({ room: 'daily', joinSecret: 'abc' });
    expect(invitationOf({ search: '', hash: '' })).toEqual({ room: '', joinSecret: '' });
  });
});
