/** A word with its place in the audio, in milliseconds from the start of the utterance. */
export interface TimedWord {
  text: string;
  startMs: number;
  endMs: number;
  probability?: number;
}

/** Scripts that write words without spaces between them. */
const WITHOUT_SPACES =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** A word as it is compared: NFKC, lower case, letters and digits only. */
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
    if (last !== undefined && !LETTER_OR_DIGIT.test(segment)) words[words.length - 1] = last + segment;
    else words.push(segment);
  }
  return words;
}

/** Words as one text: spaces between them, but none within scripts that write without. */
export function joinWords(words: readonly { text: string }[]): string {
  let text = '';
  for (const word of words) {
    const space = text !== '' && !(WITHOUT_SPACES.test(text.at(-1) ?? '') || startsUnspaced(text, word.text));
    text += space ? ` ${word.text}` : word.text;
  }
  return text;
}

function startsUnspaced(before: string, word: string): boolean {
  const lastLetter = before.match(/[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)/u)?.[0] ?? '';
  return WITHOUT_SPACES.test(lastLetter) && WITHOUT_SPACES.test(word);
}

/** Words without times, spread over the audio by their lengths. */
export function spreadWords(text: string, audio: { startMs: number; endMs: number }): TimedWord[] {
  return placeWords(splitWords(text), audio);
}

/** Words one after the other over a stretch of audio, each as long as its letters are many. */
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
