import type { Segment } from '@parley/client-sdk';
import { expect, test } from 'vitest';
import { captionsOf } from './captionsOf.js';

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

test('captions are the newest entries, the oldest of them first, and no gaps', () => {
  const segments = [segment('a', 'final'), segment('b', 'gap'), segment('c', 'final'), segment('d', 'interim')];
  expect(captionsOf(segments, 2).map(({ id }) => id)).toEqual(['c', 'd']);
  expect(captionsOf(segments, 9).map(({ id }) => id)).toEqual(['a', 'c', 'd']);
  expect(captionsOf([], 2)).toEqual([]);
});
