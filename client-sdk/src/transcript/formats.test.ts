import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { committed, interim } from '../../test-support/segments.js';
import type { Segment } from '../protocol/index.js';
import { findSegments, type TranscriptJson, toJson, toPlainText, toSrt, toVtt } from './formats.js';

function said(text: string, overrides: Partial<Segment> = {}): Segment {
  return { ...committed(1), displayName: 'Ada', startMs: 7_040, endMs: 9_500, text, ...overrides };
}

const meeting = [
  said('Good morning.'),
  said('', { status: 'gap', displayName: 'Ben', startMs: 3_723_004, endMs: 3_725_000 }),
  interim('x', { text: 'not yet' }),
];

describe('a transcript', () => {
  test('as plain text has time, name and words, gaps included, interims not', () => {
    expect(toPlainText(meeting)).toBe('0:07 Ada: Good morning.\n1:02:03 Ben: [inaudible]\n');
    expect(toPlainText(meeting, { gapText: () => '(lost)' })).toContain('Ben: (lost)');
  });

  test('H11 says what was off the record by wish, and does not call it inaudible', () => {
    const gaps = (['offTheRecord', 'noConsent'] as const).map((reason) => said('', { status: 'gap', reason }));
    expect(toPlainText(gaps)).toBe('0:07 Ada: [off the record]\n0:07 Ada: [no consent]\n');
  });

  test('as WebVTT has a cue with its voice for each segment', () => {
    expect(toVtt(meeting)).toBe(
      'WEBVTT\n\n00:00:07.040 --> 00:00:09.500\n<v Ada>Good morning.\n\n01:02:03.004 --> 01:02:05.000\n<v Ben>[inaudible]\n',
    );
    expect(toVtt([])).toBe('WEBVTT\n');
  });

  test('as SubRip has numbered cues with names', () => {
    expect(toSrt(meeting)).toBe(
      '1\n00:00:07,040 --> 00:00:09,500\nAda: Good morning.\n\n2\n01:02:03,004 --> 01:02:05,000\nBen: [inaudible]\n',
    );
  });

  test('as JSON has everything that is known, but of how it came about', () => {
    const words = [{ text: 'Good', startMs: 7_040, endMs: 7_300, probability: 0.9 }];
    const { format, version, segments } = JSON.parse(
      toJson([said('Good morning.', { words, committedCorrections: 1 }), ...meeting.slice(1)]),
    ) as TranscriptJson;
    expect({ format, version }).toEqual({ format: 'parley-transcript', version: 1 });
    expect(segments).toHaveLength(2);
    expect(segments[0]).toEqual({
      id: 's1',
      seq: 1,
      meetingId: 'm_1',
      participantId: 'ben',
      displayName: 'Ada',
      track: 'microphone',
      startMs: 7_040,
      endMs: 9_500,
      text: 'Good morning.',
      words,
      language: 'en',
      confidence: 1,
      status: 'final',
    });
    expect(segments[1]).toMatchObject({ status: 'gap', text: '' });
    expect((JSON.parse(toJson([])) as TranscriptJson).segments).toEqual([]);
  });

  test('says as text whatever was said, and never breaks out of its cue', () => {
    const any = fc.string({ unit: 'grapheme', maxLength: 60 });
    fc.assert(
      fc.property(any, any, fc.integer({ min: -5, max: 1e8 }), (displayName, text, startMs) => {
        const segment = said(`${text}\n\n00:00 --> 00:01\n<b>`, { displayName, startMs, endMs: startMs });
        const [header, cue, ...more] = toVtt([segment]).split('\n\n');
        expect([header, more]).toEqual(['WEBVTT', []]);
        const [times, payload = '', last, ...rest] = cue?.split('\n') ?? [];
        expect(times).toMatch(/^\d\d+:\d\d:\d\d\.\d{3} --> \d\d+:\d\d:\d\d\.\d{3}$/);
        expect([last, rest]).toEqual(['', []]);
        expect(payload.slice(2).replace(/^[^>]*>/, '')).not.toMatch(/[<>]/);
        expect(toSrt([segment]).split('-->')).toHaveLength(2);
        expect(toSrt([segment]).split('\n')).toHaveLength(4);
        expect(toPlainText([segment]).split('\n')).toHaveLength(2);
      }),
    );
  });

  test('is searched by words of text and name, whatever their case and accents', () => {
    const segments = [said('Über die Brücke', { displayName: 'Zoë' }), said('under the bridge')];
    expect(findSegments(segments, 'uber zoe')).toEqual([segments[0]]);
    expect(findSegments(segments, 'BRIDGE')).toEqual([segments[1]]);
    expect(findSegments(segments, 'bridge brücke')).toEqual([]);
    expect(findSegments(segments, '  ')).toEqual([]);
  });
});
