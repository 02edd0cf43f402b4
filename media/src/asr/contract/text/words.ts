/** A word with its place in the audio, in milliseconds from the start of the utterance. */
export interface TimedWord {
  text: string;
  startMs: number;
  endMs: number;
  probability?: number;
}

/** Scripts that write words without spaces between them; by extensions, because the long vowel of Katakana belongs to two. */
const WITHOUT_SPACES =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Tibetan}]/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const FIRST_LETTER = /[\p{L}\p{N}\p{M}]/u;
const LAST_LETTER = /[\p{L}\p{N}\p{M}](?=[^\p{L}\p{N}\p{M}]*$)/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** A word in the form used to compare words: NFKC, lower case, letters and digits only. */
export function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLocaleLowerCase('und')
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '');
}

/** The words of a text, punctuation with the word before it. Joined by `joinWords` they give the text again. */
export function splitWords(text: string): string[] {
  return text
    .split(/\s+/u)
    .filter((part) => part !== '')
    .flatMap((part) => (WITHOUT_SPACES.test(part) ? splitUnspaced(part) : [part]));
}

function splitUnspaced(text: string): string[] {
  const words: string[] = [];
  for (const { segment } of segmenter.segment(text)) {
    const last = words.at(-1);
    // If only one side writes without spaces, a space would be a mark that the text does not have.
    if (last !== undefined && !(LETTER_OR_DIGIT.test(segment) && touch(last, segment))) {
      words[words.length - 1] = last + segment;
    } else words.push(segment);
  }
  return words;
}

/** Words as one text: spaces between them, but none between two of scripts that write without. */
export function joinWords(words: readonly { text: string }[]): string {
  let text = '';
  let lettersBefore = '';
  for (const word of words) {
    text += text === '' || touch(lettersBefore, word.text) ? word.text : ` ${word.text}`;
    if (FIRST_LETTER.test(word.text)) lettersBefore = word.text;
  }
  return text;
}

/** Whether there is no space between two words. Punctuation follows the letters around it. */
function touch(before: string, after: string): boolean {
  const last = before.match(LAST_LETTER)?.[0] ?? '';
  const first = after.match(FIRST_LETTER)?.[0] ?? last;
  return WITHOUT_SPACES.test(last) && WITHOUT_SPACES.test(first);
}

/** Words without times, spread over the audio by their lengths. */
export function spreadWords(text: string, audio: { startMs: number; endMs: number }): TimedWord[] {
  return placeWords(splitWords(text), audio);
}

/** Words one after the other over a piece of audio, with lengths in proportion to their letters. */
export function placeWords(words: readonly string[], audio: { startMs: number; endMs: number }): TimedWord[] {
  const lengths = words.map((word) => Math.max(1, plain(word).length) + 1);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const spanMs = Math.max(0, audio.endMs - audio.startMs);
  let before = 0;
  return words.map((word, index) => {
    const startMs = audio.startMs + (spanMs * before) / total;
    before += lengths[index] ?? 0;
    return { text: word, startMs, endMs: audio.startMs + (spanMs * before) / total };
  });
}
