import { dbfs } from '../../audio/levels.js';
import type { MicrophoneLevel } from '../../contract/messages.js';

/** Recent levels of a microphone. */
export interface MicrophoneReading {
  level: MicrophoneLevel;
  /** Mean level of the speech, in dBFS. */
  speechLevelDb: number;
  /** Share of the speech's samples at full scale, 0 to 1. */
  clippedShare: number;
}

/** Speech before the first result: 3 s of VAD frames. */
export const MICROPHONE_CHECK_FRAMES = 94;
/** Time constant of the exponential mean of the speech: 5 s. */
const MEMORY_FRAMES = 156;
/** Between each pair of limits, the previous result stands. */
const QUIET_BELOW_DB = -50;
const QUIET_NO_MORE_DB = -45;
const CLIPPING_FROM_SHARE = 0.01;
const CLIPPING_NO_MORE_SHARE = 0.003;
/** Samples from here on count as cut off: Opus does not return full scale exactly. */
const FULL_SCALE = 32_440;

/** Whether one track's speech is too quiet or clips. Knows neither clock nor silence: it only gets frames of speech. */
export class MicrophoneCheck {
  #frames = 0;
  /** Mean square of the samples, as a share of full scale. */
  #power = 0;
  #clippedShare = 0;
  #told: MicrophoneLevel | undefined;

  /**
   * @param frame the next samples of speech
   * @returns the first result, then every change of it, once
   */
  push(frame: Int16Array): MicrophoneReading | undefined {
    let squares = 0;
    let clipped = 0;
    for (const sample of frame) {
      squares += sample * sample;
      if (sample >= FULL_SCALE || sample <= -FULL_SCALE) clipped += 1;
    }
    this.#frames += 1;
    const weight = 1 / Math.min(this.#frames, MEMORY_FRAMES);
    this.#power += (squares / frame.length / 32_768 ** 2 - this.#power) * weight;
    this.#clippedShare += (clipped / frame.length - this.#clippedShare) * weight;
    if (this.#frames < MICROPHONE_CHECK_FRAMES) return undefined;
    const level = this.#judge();
    if (level === this.#told) return undefined;
    this.#told = level;
    return { level, speechLevelDb: this.#speechLevelDb, clippedShare: this.#clippedShare };
  }

  get #speechLevelDb(): number {
    return dbfs(Math.sqrt(this.#power));
  }

  #judge(): MicrophoneLevel {
    const clips = this.#told === 'clipping' ? CLIPPING_NO_MORE_SHARE : CLIPPING_FROM_SHARE;
    if (this.#clippedShare >= clips) return 'clipping';
    const quiet = this.#told === 'quiet' ? QUIET_NO_MORE_DB : QUIET_BELOW_DB;
    return this.#speechLevelDb < quiet ? 'quiet' : 'good';
  }
}
