/** Marks that end a sentence in the scripts that have them, with closing quotes and brackets. */
const END = /[.?!。．？！؟۔।॥][\p{Pe}\p{Pf}"'’]*$/u;
const ELLIPSIS = /(\.\.\.|…)[\p{Pe}\p{Pf}"'’]*$/u;
/** "e.g.", "U.S.": letters with a stop after each. */
const INITIALS = /(^|[^\p{L}])(\p{L}\.){2,}$/u;
/** A single letter, as in "J. Smith"; "I." is left out, since sentences end with it. */
const INITIAL = /(^|\s)[\p{Lu}](?<!I)\.$/u;
const ABBREVIATION = /(^|\s)(mr|mrs|ms|dr|prof|st|vs|no|nr|bzw|ca|sr|sra|jr|etc|fig|vol)\.$/iu;

/** Whether a text reads as a finished sentence: not after an abbreviation, an initial or an ellipsis. */
export function endsSentence(text: string): boolean {
  const trimmed = text.trim();
  if (!END.test(trimmed) || ELLIPSIS.test(trimmed)) return false;
  return !INITIALS.test(trimmed) && !INITIAL.test(trimmed) && !ABBREVIATION.test(trimmed);
}

/** Indices of the words after which a sentence ends. */
export function sentenceBoundaries(words: readonly string[]): number[] {
  return words.flatMap((word, index) => (endsSentence(word) ? [index] : []));
}
