import { MemoryTranscriptStore, type TranscriptStore, type UncommittedSegment } from '@parley/server';

const SPEAKERS = ['Sarah', 'Robert', 'Grace', 'Emma', 'Daniel'] as const;
const WORDS =
  'the budget of next quarter was moved to Thursday because our team finished the migration and every customer who called has an answer'.split(
    ' ',
  );
const WORD_COUNT = { least: 3, most: 40 };
/** How often an entry is speech without text. */
const GAP_EVERY = 97;
/** All of it was said within the first second of the meeting: new speech comes after it. */
const SPAN_MS = 1_000;

/** The text of the entry with that number, the same in every run. No other entry's text starts with its number. */
export function entryStart(seq: number): string {
  return `${seq}:`;
}

/**
 * A transcript store whose meetings are full when they start, as after hours of talk: for `startServer`.
 *
 * @param options.segments entries: sentences of 3 to 40 words by five people, and a gap now and then
 */
export function filledTranscript(options: { segments: number }): TranscriptStore {
  const { segments } = options;
  // Twice the capacity, so that nothing is dropped when people talk.
  const store = new MemoryTranscriptStore({ segmentsPerMeeting: 2 * segments });
  const filled = new Map<string, Promise<void>>();
  const fill = async (meetingId: string) => {
    for (let seq = 1; seq <= segments; seq += 1) await store.append(entry({ seq, segments, meetingId }));
  };
  const fillOnce = (meetingId: string) => {
    const filling = filled.get(meetingId) ?? fill(meetingId);
    filled.set(meetingId, filling);
    return filling;
  };
  return {
    async append(segment) {
      await fillOnce(segment.meetingId);
      return store.append(segment);
    },
    async page(query) {
      await fillOnce(query.meetingId);
      return store.page(query);
    },
    clear: (meetingId) => store.clear(meetingId),
    async end(meetingId) {
      filled.delete(meetingId);
      await store.end(meetingId);
    },
  };
}

function entry(options: { seq: number; segments: number; meetingId: string }): UncommittedSegment {
  const { seq, segments, meetingId } = options;
  // A multiplicative hash: entries next to each other differ, and are the same in every run.
  const random = (Math.imul(seq, 2_654_435_761) >>> 8) / 2 ** 24;
  const speaker = Math.floor(random * SPEAKERS.length);
  const startMs = Math.floor(((seq - 1) * SPAN_MS) / segments);
  const common = {
    id: `filled-${seq}`,
    meetingId,
    participantId: `p_filled_${speaker}`,
    displayName: SPEAKERS[speaker] ?? '',
    track: 'microphone',
    startMs,
    endMs: startMs + 1,
    revision: 1,
  };
  // The last one has text: that is what a reader waits for.
  if (seq % GAP_EVERY === 0 && seq !== segments) {
    return { ...common, status: 'gap', text: '', language: '', confidence: 0, reason: 'overloaded' };
  }
  const count = WORD_COUNT.least + ((seq * 7) % (WORD_COUNT.most - WORD_COUNT.least + 1));
  const words = Array.from({ length: count }, (_, index) => WORDS[(seq + index) % WORDS.length]);
  return {
    ...common,
    status: 'final',
    text: `${entryStart(seq)} ${words.join(' ')}.`,
    language: 'en',
    confidence: 0.9,
  };
}
