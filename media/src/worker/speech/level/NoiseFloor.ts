/** Frames in one block, of which the lowest level is kept: 0.8 s of VAD frames. */
const BLOCK_FRAMES = 24;
/** Blocks that are kept besides the present one: 3 s. */
const BLOCKS = 4;

/** The background level while nobody speaks: the quietest of the last 3 to 4 s. Digital silence is no floor. */
export class NoiseFloor {
  readonly #lowest: number[] = [];
  #current = Number.POSITIVE_INFINITY;
  #frames = 0;

  /** @param levelDb of the next frame, in dBFS @returns the floor with that frame, in dBFS */
  push(levelDb: number): number {
    this.#current = Math.min(this.#current, levelDb);
    const floorDb = Math.min(this.#current, ...this.#lowest);
    this.#frames += 1;
    if (this.#frames === BLOCK_FRAMES) {
      this.#lowest.push(this.#current);
      if (this.#lowest.length > BLOCKS) this.#lowest.shift();
      this.#current = Number.POSITIVE_INFINITY;
      this.#frames = 0;
    }
    return floorDb;
  }
}
