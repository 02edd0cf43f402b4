const SMALLEST_VOCABULARY = 51_864;

/** One token a word, and the same one for the same word: the tokens of a text that goes on begin with those of what it was. */
export function fakeTokens(text: string): number[] {
  const words = text.split(/\s+/u).filter((word) => word !== '');
  return words.map((word) => {
    let id = 0;
    for (const letter of word) id = (id * 31 + (letter.codePointAt(0) ?? 0)) % SMALLEST_VOCABULARY;
    return id;
  });
}
