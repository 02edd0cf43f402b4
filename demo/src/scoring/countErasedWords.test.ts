import type { Segment } from '@parley/client-sdk/protocol';
import { describe, expect, it } from 'vitest';
import type { TranscriptEvent } from '../player/api.js';
import { countErasedWords } from './countErasedWords.js';

function updated(text: string, part: Partial<Segment> = {}): TranscriptEvent {
  const segment: Segment = {
    id: 'a',
    meetingId: 'meeting',
    participantId: 'ada',
    displayName: 'Ada',
    track: 'microphone',
    startMs: 0,
    endMs: 1_000,
    text,
    language: 'en',
    confidence: 0.9,
    revision: 1,
    status: 'interim',
    ...part,
  };
  return { kind: 'updated', segment, arrivedAtMs: 0 };
}

describe('the words that readers saw go away', () => {
  it('are none while a text only grows', () => {
    const events = [updated('Good'), updated('Good morning'), updated('Good morning everyone.', { status: 'final' })];
    expect(countErasedWords(events)).toEqual({ shown: 3, erased: 0, revisions: 0 });
  });

  it('are those that were replaced or removed, and an update that did both is one revision', () => {
    const events = [updated('good warning every one'), updated('good morning every'), updated('good morning every')];
    expect(countErasedWords(events)).toEqual({ shown: 5, erased: 2, revisions: 1 });
  });

  it('do not include a word that only moves because another comes before it', () => {
    const events = [updated('finished the database'), updated('we finished the database')];
    expect(countErasedWords(events)).toEqual({ shown: 4, erased: 0, revisions: 0 });
  });

  it('do not include a word of which only case or punctuation changed', () => {
    const events = [updated("okay let's go"), updated("Okay, let's go!", { status: 'final' })];
    expect(countErasedWords(events)).toEqual({ shown: 3, erased: 0, revisions: 0 });
  });

  it('count again when they come back and go once more', () => {
    const events = [updated('one'), updated('two'), updated('one'), updated('two')];
    expect(countErasedWords(events)).toEqual({ shown: 4, erased: 3, revisions: 3 });
  });

  it('are counted for each segment by itself', () => {
    const events = [updated('yes'), updated('no', { id: 'b' }), updated('yes indeed'), updated('now', { id: 'b' })];
    expect(countErasedWords(events)).toEqual({ shown: 4, erased: 1, revisions: 1 });
  });

  it('are all of a segment that is retracted or becomes a gap', () => {
    const events: TranscriptEvent[] = [
      updated('the cough'),
      { kind: 'retracted', segmentId: 'a', arrivedAtMs: 0 },
      updated('hello', { id: 'b' }),
      updated('', { id: 'b', status: 'gap', reason: 'overloaded' }),
      { kind: 'retracted', segmentId: 'never shown', arrivedAtMs: 0 },
    ];
    expect(countErasedWords(events)).toEqual({ shown: 3, erased: 3, revisions: 2 });
  });
});
