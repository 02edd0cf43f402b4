import type { Segment } from '@parley/client-sdk';
import { describe, expect, test } from 'vitest';
import {
  captionSegments,
  clockText,
  coverageOf,
  coverageText,
  gapText,
  hueOf,
  invitationOf,
  listOf,
  settledText,
} from './text.js';

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

  test('tell the settled part of an interim from the part that may change', () => {
    const interim = { status: 'interim' as const, text: 'Good morning every' };
    expect(settledText({ ...interim, stableLength: 12 })).toEqual({ settled: 'Good morning', open: ' every' });
    expect(settledText(interim)).toEqual({ settled: '', open: 'Good morning every' });
    expect(settledText({ status: 'final', text: 'Good morning.' })).toEqual({ settled: 'Good morning.', open: '' });
  });

  test('say how much of the speech was written down, and never 100 % of less than all', () => {
    const ledgerOf = (transcribedMs: number, shedMs: Record<string, number>) => ({
      ledger: {
        totalMs: 0,
        mutedMs: 0,
        dtxMs: 0,
        concealedMs: 0,
        nonSpeechMs: 0,
        crosstalkMs: 0,
        pendingMs: 0,
        transcribedMs,
        shedMs,
      },
    });
    expect(coverageOf([])).toBeUndefined();
    expect(coverageOf([ledgerOf(1_000, { asleep: 500 })])).toBe(1);
    expect(coverageOf([ledgerOf(1_000, {}), ledgerOf(0, { overloaded: 1_000 })])).toBe(0.5);
    expect(coverageText(undefined)).toBe('Nothing has been said yet.');
    expect(coverageText(1)).toBe('100 % of speech transcribed');
    expect(coverageText(0.99999)).toBe('99.9 % of speech transcribed');
  });

  test('read lists that people write', () => {
    expect(listOf(' Zürich, mediasoup,,\nZürich ')).toEqual(['Zürich', 'mediasoup']);
  });
});
