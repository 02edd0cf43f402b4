import {
  joinWords,
  placeWords,
  plain,
  splitWords,
  spreadWords,
  type TimedWord,
} from '../../../asr/contract/text/words.js';
import { commonPrefix, differences, likeness, sameWords, settledPrefix } from './align.js';

/** One hypothesis of an utterance that is still being spoken. Times are milliseconds from the start of the utterance. */
export interface Observation {
  text: string;
  /** Without them the words are spread over the audio by their lengths. */
  words?: readonly TimedWord[];
  /** The audio that was listened to. */
  audioStartMs: number;
  audioEndMs: number;
  /** Where the speech ended, when a silence follows it: nothing is half heard then. */
  speechEndMs?: number;
}

export interface StableText {
  text: string;
  /** UTF-16 units of `text` that will not change. */
  stableLength: number;
  committed: readonly TimedWord[];
  tail: readonly TimedWord[];
  newlyCommitted: readonly TimedWord[];
  /** From the end of the newest of those to the end of the audio; null when there are none. */
  commitLatencyMs: number | null;
  /** The hypothesis had so little to do with those before it that it is not shown, unless the next one bears it out. */
  outlier: boolean;
}

export interface StabilizerOptions {
  /** Hypotheses in a row that have to agree on a word. */
  agreement: number;
  /** Audio by which they have to lie apart. */
  stabilityMs: number;
}

interface Heard {
  words: readonly TimedWord[];
  audioStartMs: number;
  audioEndMs: number;
}

/** A word that ends so close to the end of the audio may be half of one. */
const HALF_HEARD_MS = 160;
/** Words of which the engine is so sure need the least agreement. */
const SURE_PROBABILITY = 0.9;
/** A word is shown at the first hearing when the engine is so sure of it. */
const SHOW_PROBABILITY = 0.6;
/** Of an engine that does not say how sure it is, all words but so many at the end: those it often writes anew. */
const UNSAID_SHOWN = 3;
/** A word of which the engine is less sure may be wrong however often it is repeated: it has to be repeated for longer. */
const COMMIT_PROBABILITY = 0.75;
const UNSURE_STABILITY_MS = 2_500;
/** So much audio between two hypotheses is worth a third one in between, where an engine does not say how sure it is. */
const TELLING_PROGRESS_MS = 500;
/** Hypotheses that are remembered: so much audio at most, and so many. */
const REMEMBERED_MS = 3_000;
const REMEMBERED = 24;
/** Less audio than that between two hypotheses is none: the second takes the place of the first. */
const LEAST_PROGRESS_MS = 20;
/** Less like the one before it, and a hypothesis is an outlier. */
const OUTLIER_LIKENESS = 0.35;
/** Fewer words cannot make an outlier. */
const FEWEST_OUTLIER_WORDS = 3;
const CLOSING = /[.,;:!?…。、，！？；：]+$/u;

/**
 * Text that can be read while it is being spoken. A word is settled when `agreement` hypotheses in a row agree on it and on
 * everything before it, at about the same place in the audio, over `stabilityMs` of new audio (LocalAgreement, Macháček et
 * al. 2023, with evidence measured in audio). Settled text never changes; the tail may, but a word that has been shown does not
 * vanish only because one hypothesis is shorter, and half-heard words are held back.
 */
export class Stabilizer {
  readonly #options: StabilizerOptions;
  #committed: TimedWord[] = [];
  /** Newest last; as many as can have to agree. */
  #history: Heard[] = [];
  #tail: TimedWord[] = [];
  #doubted: Heard | undefined;

  constructor(options: StabilizerOptions) {
    this.#options = options;
  }

  get committed(): readonly TimedWord[] {
    return this.#committed;
  }

  /** What is to be seen now. */
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
   * Settles what begins before a time as it reads now: its audio is about to leave the window of the hypotheses, so nothing more will be
   * learned about it. Left open it would hold up everything behind it, because hypotheses that begin at different words agree on nothing.
   *
   * @returns where the last settled word ends; 0 when none is settled
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

  /** Compares what was settled within the final's audio with the final. Its text wins; this says what it changed. */
  finalize(final: { text: string; audioEndMs?: number }): { corrections: { from: string; to: string }[] } {
    const endMs = final.audioEndMs ?? Number.POSITIVE_INFINITY;
    const settled = this.#committed.filter((word) => (word.startMs + word.endMs) / 2 < endMs).map(({ text }) => text);
    const words = splitWords(final.text);
    const changes = differences(settled, words);
    // Words that come after the settled ones are news, not corrections.
    while (changes.at(-1)?.from === '' && changes.length > 0) changes.pop();
    return { corrections: settled.length === 0 ? [] : changes };
  }

  /** What goes on after a cut: as a new utterance whose time 0 is there, with the words beyond it. */
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
   * Words without times keep those that they had in the hypothesis before, and only what is new is spread over the audio: else each
   * pause would move all of them.
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

  /** Words of a hypothesis beyond what is settled. */
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
    // Nobody knows where the last word of a text without times ends: it may be half of one.
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

  /** The less sure the engine is of a word, the more has to speak for it. An engine that does not say is taken for unsure: of it, agreement over more audio counts. */
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

  /** Nothing is known of what follows a last word: its punctuation is a guess. */
  #settledForm(word: TimedWord, next: TimedWord | undefined): TimedWord {
    return next === undefined ? { ...word, text: withoutClosing(word.text) } : word;
  }

  /**
   * Shows what of the rest is fit to be seen. A word that was seen before stays in its form, and does not vanish only because one
   * hypothesis is shorter.
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

  /** How many words may be seen: those that the hypothesis before had as well, and further ones that are likely to stay. */
  #fitToShow(rest: readonly TimedWord[], observation: Observation): number {
    if (observation.speechEndMs !== undefined) return rest.length;
    const previous = this.#history.at(-2);
    let count = Math.max(
      commonPrefix(rest, this.#tail).a,
      previous === undefined ? 0 : commonPrefix(rest, this.#restOf(previous)).a,
    );
    // Where hypotheses come rarely, waiting for the next one would leave readers far behind.
    const rarely = observation.audioEndMs - (previous?.audioEndMs ?? 0) >= TELLING_PROGRESS_MS;
    const deep = rarely ? rest.length - UNSAID_SHOWN : 0;
    while (count < rest.length) {
      const word = rest[count] as TimedWord;
      // The last one may be half of a word. The very first is worth the risk: it says that somebody is being heard.
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

/** The words with the times that are known of them, and the others spread over the audio in between by their lengths. */
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
