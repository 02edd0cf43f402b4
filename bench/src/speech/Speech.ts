export const SAMPLES_PER_MS = 16;
/** Digital silence before what is cut out of a track, so that no end of a word is left. */
const LEAD_MS = 100;

/** Milliseconds on the track. */
export interface Span {
  startMs: number;
  endMs: number;
}

export interface SpokenWord extends Span {
  text: string;
}

/** The true times of an utterance: from the start of the first word to the end of the last. */
export interface SpokenUtterance extends Span {
  text: string;
  /** With their true times; absent if unknown. */
  words?: SpokenWord[];
}

/** The speech of one speaker. */
export interface Speech {
  /** 16 kHz. */
  pcm: Int16Array;
  /** In order. */
  utterances: SpokenUtterance[];
}

/** All words with known times. */
export function timedWords({ utterances }: Pick<Speech, 'utterances'>): SpokenWord[] {
  return utterances.flatMap(({ words = [] }) => words);
}

/** An utterance of words with their times. */
export function utteranceOf(words: readonly SpokenWord[]): SpokenUtterance {
  return {
    startMs: words[0]?.startMs ?? 0,
    endMs: words.at(-1)?.endMs ?? 0,
    text: words.map(({ text }) => text).join(' '),
    words: [...words],
  };
}

/** The same speech, started later. */
export function delayed({ pcm, utterances }: Speech, byMs: number): Speech {
  const later = new Int16Array(pcm.length + byMs * SAMPLES_PER_MS);
  later.set(pcm, byMs * SAMPLES_PER_MS);
  return { pcm: later, utterances: utterances.map((utterance) => moved(utterance, byMs)) };
}

/**
 * The speech within the first milliseconds. A cut utterance keeps the words that end before, if their times are known; otherwise it is left
 * out.
 */
export function playedWithin({ pcm, utterances }: Speech, endMs: number): Speech {
  const kept: SpokenUtterance[] = [];
  let heard = pcm;
  for (const utterance of utterances) {
    if (utterance.endMs <= endMs) kept.push(utterance);
    else if (utterance.words !== undefined) {
      const words = utterance.words.filter((word) => word.endMs <= endMs);
      if (words.length > 0) kept.push(utteranceOf(words));
    } else if (utterance.startMs < endMs) {
      heard = pcm.slice().fill(0, Math.max(0, (utterance.startMs - LEAD_MS) * SAMPLES_PER_MS));
    }
  }
  return { pcm: heard, utterances: kept };
}

export function moved(utterance: SpokenUtterance, byMs: number): SpokenUtterance {
  const shift = <T extends Span>(span: T): T => ({ ...span, startMs: span.startMs + byMs, endMs: span.endMs + byMs });
  const { words } = utterance;
  return { ...shift(utterance), ...(words === undefined ? {} : { words: words.map(shift) }) };
}

/** Numbers from 0 to 1, the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
