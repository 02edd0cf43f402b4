/** One hot word; the newer and the rarer, the more it needs help. */
interface Entry {
  text: string;
  addedOrder: number;
  uses: number;
}

const CAPACITY = 500;

/**
 * The hot words of a track in the order in which they deserve their place in the prompt: those that have been said least come
 * first, of these the newest. Bounded: the oldest go.
 */
export class HotWordList {
  readonly #entries = new Map<string, Entry>();
  #order = 0;

  /** Takes a new list over; words that stay keep their counts. Earlier words of the list count as newer. */
  replace(words: readonly string[]): void {
    const kept = new Set<string>();
    for (const text of words.slice(0, CAPACITY).toReversed()) {
      const key = keyOf(text);
      if (key === '') continue;
      kept.add(key);
      const known = this.#entries.get(key);
      if (known === undefined) this.#entries.set(key, { text, addedOrder: this.#order++, uses: 0 });
    }
    for (const key of this.#entries.keys()) if (!kept.has(key)) this.#entries.delete(key);
  }

  /** Counts the words that a final has used: what the recogniser gets right by itself needs no help. */
  countUses(text: string): void {
    const said = ` ${keyOf(text)} `;
    for (const [key, entry] of this.#entries) if (said.includes(` ${key} `)) entry.uses += 1;
  }

  get ordered(): string[] {
    return [...this.#entries.values()]
      .sort((a, b) => a.uses - b.uses || b.addedOrder - a.addedOrder)
      .map(({ text }) => text);
  }
}

function keyOf(text: string): string {
  return text
    .normalize('NFKC')
    .toLocaleLowerCase('und')
    .replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
    .trim();
}
