import {
  joinWords,
  placeWords,
  plain,
  splitWords,
  spreadWords,
  type TimedWord,
} from '../../../asr/contract/text/words.js';
import { commonPrefix, differences, likeness, sameWords, settledPrefix } from './align.js';

/** One hypothesis of an utterance that is still going on. Times are milliseconds from the start of the utterance. */
export interface Observation {
  text: string;
  /** Without them, the words are spread over the audio by their lengths. */
  words?: readonly TimedWord[];
  /** Start of the hypothesis' audio. */
  audioStartMs: number;
  audioEndMs: number;
  /** Where the speech ended, if a silence follows: then no word is cut off. */
  speechEndMs?: number;
}

export interface StableText {
  text: string;
  /** UTF-16 units of `text` that will not change. */
  stableLength: number;
  committed: readonly TimedWord[];
  tail: readonly TimedWord[];
  newlyCommitted: readonly TimedWord[];
  /** From the end of the newest of those to the end of the audio; null if there are none. */
  commitLatencyMs: number | null;
  /** The hypothesis differs so much from those before it that it is not shown, unless the next one agrees with it. */
  outlier: boolean;
}

export interface StabilizerOptions {
  /** Hypotheses in a row that have to agree on a word. */
  agreement: number;
  /** Audio that they have to span. */
  stabilityMs: number;
}

interface Heard {
  words: readonly TimedWord[];
  audioStartMs: number;
  audioEndMs: number;
}

/** A word that ends this close to the end of the audio may be cut off. */
const HALF_HEARD_MS = 160;
/** Words with at least this probability need the least agreement. */
const SURE_PROBABILITY = 0.9;
/** A word with at least this probability is shown the first time. */
const SHOW_PROBABILITY = 0.6;
/** If the engine gives no probabilities, all words are shown except this many at the end, which it often changes. */
const UNSAID_SHOWN = 3;
/** A less probable word may be wrong however often it is repeated: it has to be repeated for longer. */
const COMMIT_PROBABILITY = 0.75;
const UNSURE_STABILITY_MS = 2_500;
/** If an engine gives no probabilities, this much audio between two hypotheses counts as another hypothesis in between. */
const TELLING_PROGRESS_MS = 500;
/** How much audio and how many hypotheses are remembered, at most. */
const REMEMBERED_MS = 3_000;
const REMEMBERED = 24;
/** With less new audio than this, a hypothesis replaces the one before. */
const LEAST_PROGRESS_MS = 20;
/** Less similar to the one before it, a hypothesis is an outlier. */
const OUTLIER_LIKENESS = 0.35;
/** Fewer words cannot make an outlier. */
const FEWEST_OUTLIER_WORDS = 3;
const CLOSING = /[.,;:!?…。、，！？；：]+$/u;

/**
 * Text that can be read while the speaker goes on. A word is settled when `agreement` hypotheses in a row agree on it and on everything
 * before it, at about the same place in the audio, over `stabilityMs` of new audio (LocalAgreement, Macháček et al. 2023, with evidence
 * measured in audio). Settled text never changes; the rest may, but a shown word does not vanish only because one hypothesis is shorter,
 * and words that may be cut off are held back.
 */
export class Stabilizer {
  readonly #options: StabilizerOptions;
  #committed: TimedWord[] = [];
  /** Newest last; as many as have to agree. */
  #history: Heard[] = [];
  #tail: TimedWord[] = [];
  #doubted: Heard | undefined;

  constructor(options: StabilizerOptions) {
    this.#options = options;
  }

  get committed(): readonly TimedWord[] {
    return this.#committed;
  }

  /** The text to show now. */
  get shown(): StableText {
    return this.#text({ newlyCommitted: [], commitLatencyMs: null, outlier: false });
  }

  update(observation: Observation): StableText {
    const heard = this.#heardIn(observation);
    const outlier = this.#isOutlier(heard);
    if (outlier) {
      this.#doubted = heard;
      return this.#text({ newlyCommitted: [], commitLatencyMs: null, outlier });
    }
    this.#doubted = undefined;
    this.#remember(heard);
    const rest = this.#restOf(heard);
    const newlyCommitted = this.#commit(rest, observation);
    this.#tail = this.#tail.slice(settledPrefix(newlyCommitted, this.#tail));
    this.#show(rest.slice(newlyCommitted.length), observation);
    const newest = newlyCommitted.at(-1);
    const commitLatencyMs = newest === undefined ? null : Math.max(0, observation.audioEndMs - newest.endMs);
    return this.#text({ newlyCommitted, commitLatencyMs, outlier });
  }

  /**
   * Settles what starts before a time as it reads now: its audio is about to leave the window of the hypotheses, so nothing more will be
   * learned about it. Left open it would block everything after it, because hypotheses that start at different words agree on nothing.
   *
   * @returns where the last settled word ends; 0 if none is settled
   */
  settleBefore(atMs: number): number {
    const newest = this.#history.at(-1);
    const seen = this.#tail.some(({ startMs }) => startMs < atMs);
    const open = seen || newest === undefined ? this.#tail : this.#restOf(newest);
    const later = open.findIndex(({ startMs }) => startMs >= atMs);
    const count = later < 0 ? open.length : later;
    this.#committed.push(...open.slice(0, count).map((word, index) => this.#settledForm(word, open[index + 1])));
    this.#tail = seen ? this.#tail.slice(count) : [];
    return this.#committed.at(-1)?.endMs ?? 0;
  }

  /** Compares the words settled within the final's audio with the final. The final's text wins; this returns what it changed. */
  finalize(final: { text: string; audioEndMs?: number }): { corrections: { from: string; to: string }[] } {
    const endMs = final.audioEndMs ?? Number.POSITIVE_INFINITY;
    const settled = this.#committed.filter((word) => (word.startMs + word.endMs) / 2 < endMs).map(({ text }) => text);
    const words = splitWords(final.text);
    const changes = differences(settled, words);
    // Words after the settled ones are additions, not corrections.
    while (changes.at(-1)?.from === '' && changes.length > 0) changes.pop();
    return { corrections: settled.length === 0 ? [] : changes };
  }

  /** What continues after a cut: a new utterance whose time 0 is the cut, with the words after it. */
  splitAt(atMs: number): Stabilizer {
    const next = new Stabilizer(this.#options);
    const after = (words: readonly TimedWord[]) =>
      words
        .filter((word) => (word.startMs + word.endMs) / 2 >= atMs)
        .map((word) => ({ ...word, startMs: Math.max(0, word.startMs - atMs), endMs: word.endMs - atMs }));
    next.#committed = after(this.#committed);
    next.#tail = after(this.#tail);
    next.#history = this.#history.map((heard) => ({
      words: after(heard.words),
      audioStartMs: Math.max(0, heard.audioStartMs - atMs),
      audioEndMs: heard.audioEndMs - atMs,
    }));
    return next;
  }

  /**
   * Words without times keep those of the hypothesis before, and only new ones are spread over the audio: otherwise each pause would move
   * all of them.
   */
  #heardIn({ text, words, audioStartMs, audioEndMs, speechEndMs }: Observation): Heard {
    const speech = { startMs: audioStartMs, endMs: speechEndMs ?? audioEndMs };
    const known = (this.#history.at(-1)?.words ?? []).filter((word) => word.startMs >= audioStartMs);
    const timed = words ?? anchored({ words: spreadWords(text, speech), known, endMs: speech.endMs });
    return { words: timed.filter((word) => plain(word.text) !== ''), audioStartMs, audioEndMs };
  }

  #isOutlier(heard: Heard): boolean {
    const last = this.#history.at(-1);
    if (last === undefined || last.words.length < FEWEST_OUTLIER_WORDS || heard.words.length < FEWEST_OUTLIER_WORDS) {
      return false;
    }
    const before = last.words.filter((word) => word.endMs > heard.audioStartMs);
    if (likeness(before, heard.words) >= OUTLIER_LIKENESS) return false;
    // Two in a row that agree with each other are the better hypothesis.
    return this.#doubted === undefined || likeness(this.#doubted.words, heard.words) < 1 - OUTLIER_LIKENESS;
  }

  #remember(heard: Heard): void {
    const last = this.#history.at(-1);
    if (last !== undefined && heard.audioEndMs - last.audioEndMs < LEAST_PROGRESS_MS) {
      // The same audio again is no further evidence.
      this.#history[this.#history.length - 1] = { ...heard, audioEndMs: last.audioEndMs };
      return;
    }
    this.#history.push(heard);
    const since = heard.audioEndMs - REMEMBERED_MS;
    while (
      this.#history.length > REMEMBERED ||
      (this.#history.length > this.#options.agreement + 2 && (this.#history[1]?.audioEndMs ?? since) < since)
    ) {
      this.#history.shift();
    }
  }

  /** Words of a hypothesis after the settled ones. */
  #restOf(heard: Heard): readonly TimedWord[] {
    const settled = this.#committed
      .filter((word) => word.endMs > heard.audioStartMs || heard.audioStartMs === 0)
      .slice(-40);
    return heard.words.slice(settledPrefix(settled, heard.words));
  }

  #commit(rest: readonly TimedWord[], observation: Observation): TimedWord[] {
    const evidence = this.#evidenceFor(rest);
    const limitMs =
      observation.speechEndMs === undefined ? observation.audioEndMs - HALF_HEARD_MS : Number.POSITIVE_INFINITY;
    // It is unknown where the last word of a text without times ends: it may be cut off.
    const whole = observation.words === undefined && observation.speechEndMs === undefined ? rest.slice(0, -1) : rest;
    let count = 0;
    for (const word of whole) {
      const { heard, spanMs } = evidence[count] ?? { heard: 0, spanMs: 0 };
      if (!this.#isAgreed({ word, heard, spanMs }) || word.endMs > limitMs) break;
      count += 1;
    }
    const words = rest.slice(0, count).map((word, index) => this.#settledForm(word, rest[index + 1]));
    this.#committed.push(...words);
    return words;
  }

  /**
   * The less probable a word, the more evidence it needs. Without probabilities, words count as improbable: then agreement over more audio
   * counts.
   */
  #isAgreed({ word, heard, spanMs }: { word: TimedWord; heard: number; spanMs: number }): boolean {
    const { agreement, stabilityMs } = this.#options;
    if (word.probability === undefined) {
      return heard > agreement
        ? spanMs >= stabilityMs
        : heard === agreement && spanMs >= Math.max(stabilityMs, TELLING_PROGRESS_MS);
    }
    const { probability } = word;
    if (probability < COMMIT_PROBABILITY) return heard > agreement && spanMs >= UNSURE_STABILITY_MS;
    return heard >= (probability >= SURE_PROBABILITY ? agreement : agreement + 1) && spanMs >= stabilityMs;
  }

  /** For each word: how many hypotheses in a row agree on it and on those before it, and over how much audio. */
  #evidenceFor(rest: readonly TimedWord[]): { heard: number; spanMs: number }[] {
    const newest = this.#history.at(-1);
    const evidence = rest.map(() => ({ heard: 1, spanMs: 0 }));
    if (newest === undefined) return evidence;
    let agreed = rest.length;
    for (const other of this.#history.slice(0, -1).toReversed()) {
      agreed = Math.min(agreed, commonPrefix(rest, this.#restOf(other)).a);
      for (const item of evidence.slice(0, agreed)) {
        item.heard += 1;
        item.spanMs = newest.audioEndMs - other.audioEndMs;
      }
      if (agreed === 0) break;
    }
    return evidence;
  }

  /** Nothing is known about what follows a last word: its punctuation is a guess. */
  #settledForm(word: TimedWord, next: TimedWord | undefined): TimedWord {
    return next === undefined ? { ...word, text: withoutClosing(word.text) } : word;
  }

  /**
   * Shows what can be shown of the rest. A word that was seen before keeps its form, and does not vanish only because one hypothesis is
   * shorter.
   */
  #show(rest: readonly TimedWord[], observation: Observation): void {
    const before = this.#tail;
    const count = this.#fitToShow(rest, observation);
    const visible = rest.slice(0, count);
    const same = commonPrefix(visible, before);
    if (same.a === visible.length && same.b < before.length) return;
    const kept = same.a === same.b ? visible.slice(0, same.a) : before.slice(0, same.b);
    const words = [...kept, ...visible.slice(same.a)];
    const last = words.at(-1);
    this.#tail = last === undefined ? [] : [...words.slice(0, -1), { ...last, text: withoutClosing(last.text) }];
  }

  /** How many words may be shown: those that the hypothesis before had as well, and further ones that are likely to stay. */
  #fitToShow(rest: readonly TimedWord[], observation: Observation): number {
    if (observation.speechEndMs !== undefined) return rest.length;
    const previous = this.#history.at(-2);
    let count = Math.max(
      commonPrefix(rest, this.#tail).a,
      previous === undefined ? 0 : commonPrefix(rest, this.#restOf(previous)).a,
    );
    // If hypotheses are rare, waiting for the next one would leave readers far behind.
    const rarely = observation.audioEndMs - (previous?.audioEndMs ?? 0) >= TELLING_PROGRESS_MS;
    const deep = rarely ? rest.length - UNSAID_SHOWN : 0;
    while (count < rest.length) {
      const word = rest[count] as TimedWord;
      // The last one may be cut off. The very first is worth the risk: it shows the speaker that transcription works.
      const risky = count === rest.length - 1 && !(count === 0 && this.#committed.length === 0);
      if (risky || !(word.probability === undefined ? count < deep : word.probability >= SHOW_PROBABILITY)) break;
      count += 1;
    }
    return count;
  }

  #text(rest: Pick<StableText, 'newlyCommitted' | 'commitLatencyMs' | 'outlier'>): StableText {
    const stable = joinWords(this.#committed);
    const text = joinWords([...this.#committed, ...this.#tail]);
    return { text, stableLength: stable.length, committed: [...this.#committed], tail: [...this.#tail], ...rest };
  }
}

/** The words with their known times, and the others spread over the audio in between by their lengths. */
function anchored(options: { words: readonly TimedWord[]; known: readonly TimedWord[]; endMs: number }): TimedWord[] {
  const { words, known, endMs } = options;
  const matches = sameWords(words, known).map((index) => (index === undefined ? undefined : known[index]));
  const placed: TimedWord[] = [];
  let open: TimedWord[] = [];
  const close = (untilMs: number) => {
    const startMs = placed.at(-1)?.endMs ?? open[0]?.startMs ?? 0;
    const texts = open.map(({ text }) => text);
    placed.push(...placeWords(texts, { startMs, endMs: Math.max(startMs, untilMs) }));
    open = [];
  };
  for (const [index, word] of words.entries()) {
    const place = matches[index];
    if (place === undefined) {
      open.push(word);
      continue;
    }
    if (open.length > 0) close(place.startMs);
    placed.push({ ...word, startMs: place.startMs, endMs: place.endMs });
  }
  if (open.length > 0) close(endMs);
  return placed;
}

function withoutClosing(text: string): string {
  const bare = text.replace(CLOSING, '');
  return bare === '' ? text : bare;
}
