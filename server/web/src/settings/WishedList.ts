/**
 * A list that people change faster than the server confirms. Each change starts from the last requested value, so that two changes in a row
 * are both kept. The requested value is shown until the server has answered all requests and sent the list once more, or has refused.
 */
export class WishedList {
  #told: readonly string[] = [];
  #wish: readonly string[] | undefined;
  /** Requests without an answer. */
  #due = 0;

  /** Start value of the next change. */
  get newest(): readonly string[] {
    return this.#wish ?? this.#told;
  }

  /** The server sent the list. */
  told(list: readonly string[]): void {
    this.#told = list;
    if (this.#due === 0) this.#wish = undefined;
  }

  /** @param taken resolves with whether the server accepted the change */
  async ask(wish: readonly string[], taken: Promise<boolean>): Promise<void> {
    this.#wish = wish;
    this.#due += 1;
    const holds = await taken;
    this.#due -= 1;
    if (!holds && this.#due === 0) this.#wish = undefined;
  }
}
