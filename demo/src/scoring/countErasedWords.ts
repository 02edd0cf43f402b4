import { align, comparableWords } from '@parley/media/testing';
import type { TranscriptEvent } from '../player/api.js';

export interface ErasedWords {
  /** Words that became visible, each time they did. */
  shown: number;
  /** Visible words that were not there any more in the next text of their segment. */
  erased: number;
  /** Updates that erased at least one word. */
  revisions: number;
}

/**
 * Follows every segment from text to text and counts the words that readers saw go away: those that were removed or replaced
 * by the alignment of both texts. Other words before or after a word do not erase it, and neither do case and punctuation. A
 * segment that is retracted or becomes a gap has lost all its words.
 *
 * @param events in order of arrival
 */
export function countErasedWords(events: readonly TranscriptEvent[]): ErasedWords {
  const visible = new Map<string, string[]>();
  const count: ErasedWords = { shown: 0, erased: 0, revisions: 0 };
  for (const event of events) {
    const id = event.kind === 'updated' ? event.segment.id : event.segmentId;
    const before = visible.get(id) ?? [];
    const now = event.kind === 'updated' ? comparableWords(event.segment.text) : [];
    const kept = align(before, now).matches.filter((match) => match !== undefined).length;
    count.shown += now.length - kept;
    count.erased += before.length - kept;
    if (kept < before.length) count.revisions += 1;
    visible.set(id, now);
  }
  return count;
}
