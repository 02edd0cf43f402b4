/** A word of a hypothesis; times in milliseconds from the start of the utterance. */
export interface SplitWord {
  text: string;
  startMs: number;
  endMs: number;
}

export interface SplitPlan {
  /** Where to cut the audio, in milliseconds from the start of the utterance. */
  cutMs: number;
  /** Words before the cut. */
  words: number;
  cause: 'sentence' | 'forced';
}

export interface SplitSituation {
  /** Words of the newest hypothesis, from the start of the utterance on. */
  words: readonly SplitWord[];
  /** Number of settled words. */
  settled: number;
  /** Indices of words after which a sentence ends. */
  sentenceEnds: readonly number[];
  /** Length of the utterance so far. */
  lengthMs: number;
  /** From this length on, a finished sentence is split off; 0 = never. */
  sentenceSplitMs: number;
  /** At this length the utterance is cut, wherever that may be. */
  longestMs: number;
  /** Quietest place in a part, and how loud it is: 0 = silence, 1 = as loud as the speech. */
  quietest: (fromMs: number, toMs: number) => { atMs: number; relativeLevel: number } | undefined;
}

/** Typical error of the engines' word times. */
const TIME_TOLERANCE_MS = 120;
/** Speakers pause for a moment after a sentence ... */
const QUIET_SENTENCE_LEVEL = 0.3;
/** ... and hardly between two words. */
const QUIET_WORD_LEVEL = 0.5;
/** A comma counts as a level lower by this. */
const COMMA_BONUS = 0.2;
/** This long before the forced cut, the search for the best place between two words starts. */
const FORCED_LEAD_MS = 2_500;
/** Settled words that must follow a sentence. */
const SETTLED_BEYOND = 2;
/** Neither part may be shorter. */
const SHORTEST_PART_MS = 800;
const COMMA = /[,;:，、；：،]["')\]»”’]*$/u;

/**
 * Where to cut an utterance that goes on and on: after a settled sentence, or, shortly before it grows too long, at the quietest place
 * between two settled words. Text that may still change is never cut.
 */
export function planSplit(situation: SplitSituation): SplitPlan | undefined {
  return splitAfterSentence(situation) ?? splitBeforeLimit(situation);
}

function splitAfterSentence(situation: SplitSituation): SplitPlan | undefined {
  const { lengthMs, sentenceSplitMs, settled } = situation;
  if (sentenceSplitMs === 0 || lengthMs < sentenceSplitMs) return undefined;
  for (const index of situation.sentenceEnds.toReversed()) {
    // The next words may still turn the full stop into a comma.
    if (index + SETTLED_BEYOND >= settled) continue;
    const place = placeAfter(situation, index);
    if (place !== undefined && place.relativeLevel <= QUIET_SENTENCE_LEVEL) {
      return { cutMs: place.atMs, words: index + 1, cause: 'sentence' };
    }
  }
  return undefined;
}

function splitBeforeLimit(situation: SplitSituation): SplitPlan | undefined {
  const { words, lengthMs, longestMs, settled } = situation;
  if (lengthMs < longestMs - FORCED_LEAD_MS) return undefined;
  let best: (SplitPlan & { score: number }) | undefined;
  for (let index = 0; index < settled; index += 1) {
    const word = words[index];
    if (word === undefined || word.endMs < lengthMs / 3) continue;
    const place = placeAfter(situation, index);
    if (place === undefined || place.relativeLevel > QUIET_WORD_LEVEL) continue;
    const score = place.relativeLevel - (COMMA.test(word.text) ? COMMA_BONUS : 0);
    if (best === undefined || score <= best.score) {
      best = { cutMs: place.atMs, words: index + 1, cause: 'forced', score };
    }
  }
  return best === undefined ? undefined : { cutMs: best.cutMs, words: best.words, cause: best.cause };
}

/** The quietest place between a word and the next one, if there is a next one and both parts are long enough. */
function placeAfter(situation: SplitSituation, index: number): { atMs: number; relativeLevel: number } | undefined {
  const word = situation.words[index];
  const next = situation.words[index + 1];
  if (word === undefined || next === undefined) return undefined;
  const from = Math.max(word.endMs - TIME_TOLERANCE_MS, (word.startMs + word.endMs) / 2);
  const to = Math.min(next.startMs + TIME_TOLERANCE_MS, (next.startMs + next.endMs) / 2);
  const place = situation.quietest(from, Math.max(from, to));
  if (place === undefined) return undefined;
  return place.atMs >= SHORTEST_PART_MS && situation.lengthMs - place.atMs >= SHORTEST_PART_MS / 2 ? place : undefined;
}
