/**
 * A list that people change more quickly than the server tells it. The next change goes out from what was wished last, so that two in a
 * row are both kept. The wish holds until the server has answered all that was asked and has told the list once more, or has refused.
 */
export class WishedList {
  #told: readonly string[] = [];
  #wish: readonly string[] | undefined;
  /** Answers that are due. */
  #due = 0;

  /** From which the next change goes out. */
  get newest(): readonly string[] {
    return this.#wish ?? this.#told;
  }

  /** The server tells the list. */
  told(list: readonly string[]): void {
    this.#told = list;
    if (this.#due === 0) this.#wish = undefined;
  }

  /** @param taken resolves with whether the server took the wish */
  async ask(wish: readonly string[], taken: Promise<boolean>): Promise<void> {
    this.#wish = wish;
    this.#due += 1;
    const holds = await taken;
    this.#due -= 1;
    if (!holds && this.#due === 0) this.#wish = undefined;
  }
}
