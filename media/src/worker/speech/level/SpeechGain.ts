import { dbfs, rms, SILENCE_DBFS } from '../../audio/levels.js';
import { NoiseFloor } from './NoiseFloor.js';

/** Speech is amplified up to this level. Louder speech is left as it is: the VAD works less well with attenuated speech. */
const TARGET_DB = -30;
const MAX_GAIN_DB = 40;
/** Frames that exceed the noise floor by less count as noise and change nothing. */
const STANDS_OUT_DB = 9;
/** Frames below this never count as speech: 16-bit samples have hardly any shape there. */
const FAINTEST_DB = -75;
/** Share of the way to a louder frame (a syllable) and to a quieter one (the sounds in between) with each frame. */
const RISE = 0.35;
const FALL = 0.06;

/**
 * Amplifies one track's quiet speech for the VAD, by a slow gain that follows the upper edge of the speech level. Causal, between 0 and 40
 * dB, and changed only by frames above the noise floor, so that the silence between sentences and steady noise are not amplified further.
 */
export class SpeechGain {
  readonly #floor = new NoiseFloor();
  #speechDb = TARGET_DB;
  #gain = 1;

  /** The gain now, in dB. */
  get gainDb(): number {
    return Math.min(MAX_GAIN_DB, Math.max(0, TARGET_DB - this.#speechDb));
  }

  /** @param frame the next samples of the track, not changed @returns a copy with the gain */
  apply(frame: Int16Array): Int16Array {
    this.#follow(dbfs(rms(frame)));
    const before = this.#gain;
    this.#gain = 10 ** (this.gainDb / 20);
    const lifted = frame.slice();
    if (before === 1 && this.#gain === 1) return lifted;
    // From one gain to the next without a step, which would click.
    const step = (this.#gain - before) / frame.length;
    for (let index = 0; index < frame.length; index += 1) {
      const value = Math.round((frame[index] ?? 0) * (before + step * (index + 1)));
      lifted[index] = Math.max(-32_768, Math.min(32_767, value));
    }
    return lifted;
  }

  #follow(levelDb: number): void {
    if (levelDb <= SILENCE_DBFS) return;
    const floorDb = this.#floor.push(levelDb);
    if (levelDb < FAINTEST_DB || levelDb < floorDb + STANDS_OUT_DB) return;
    this.#speechDb += (levelDb - this.#speechDb) * (levelDb > this.#speechDb ? RISE : FALL);
  }
}
