import type { CommittedSegment } from '@parley/client-sdk/protocol';
import { expect, test } from 'vitest';
import { withinBytes } from './withinBytes.js';

const said = (seq: number, text: string): CommittedSegment => ({
  id: `s${seq}`,
  meetingId: 'm_1',
  participantId: 'p_1',
  displayName: 'Ada',
  track: 'microphone',
  startMs: 0,
  endMs: 1_000,
  text,
  language: 'en',
  confidence: 1,
  revision: 1,
  status: 'final',
  seq,
});
const bytesOf = (segments: readonly CommittedSegment[]) =>
  segments.reduce((sum, segment) => sum + Buffer.byteLength(JSON.stringify(segment)), 0);
const seqsOf = (segments: readonly CommittedSegment[]) => segments.map(({ seq }) => seq);

test('a page ends before it has too many bytes, whatever the alphabet', () => {
  const segments = Array.from({ length: 10 }, (_, index) => said(index + 1, '日'.repeat(1_000)));
  const four = bytesOf(segments.slice(0, 4));
  expect(seqsOf(withinBytes(segments, four))).toEqual([1, 2, 3, 4]);
  expect(seqsOf(withinBytes(segments, four - 1))).toEqual([1, 2, 3]);
  expect(withinBytes(segments, bytesOf(segments))).toEqual(segments);
});

test('a page has one segment at least, so that whoever asks gets on', () => {
  expect(seqsOf(withinBytes([said(7, 'x'.repeat(5_000)), said(8, '')], 100))).toEqual([7]);
  expect(withinBytes([], 100)).toEqual([]);
});
