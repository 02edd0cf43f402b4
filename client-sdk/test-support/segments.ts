import type { CommittedSegment, Segment } from '../src/protocol/index.js';

export function interim(id: string, overrides: Partial<Segment> = {}): Segment {
  return {
    id,
    meetingId: 'm_1',
    participantId: 'ben',
    displayName: 'Ben',
    track: 'microphone',
    startMs: 0,
    endMs: 1_000,
    text: `text of ${id}`,
    language: 'en',
    confidence: 1,
    revision: 1,
    status: 'interim',
    ...overrides,
  };
}

/** A final by number; its id is `s` and the number. */
export function committed(seq: number, overrides: Partial<Segment> = {}): CommittedSegment {
  return { ...interim(`s${seq}`, { startMs: seq * 1_000, revision: 9, ...overrides }), status: 'final', seq };
}
