import { createLevelMeter, type LevelMeter } from './createLevelMeter.js';

/**
 * How loud it is at a microphone, also while it is muted: a track that is not enabled is silent for everybody, so what is measured
 * is a copy of it.
 */
export class MicrophoneMeter {
  #track: MediaStreamTrack | undefined;
  #measuring: { copy: MediaStreamTrack; meter: LevelMeter } | undefined;

  /** Measures another track from now on, or none. */
  follow(track: MediaStreamTrack | undefined): void {
    this.#measuring?.meter.close();
    this.#measuring?.copy.stop();
    this.#measuring = undefined;
    this.#track = track;
  }

  /** 0 to 1, as `createLevelMeter` has it; 0 without a track. What it takes is made at the first question. */
  level(): number {
    if (this.#track === undefined || typeof AudioContext === 'undefined') return 0;
    this.#measuring ??= measure(this.#track);
    return this.#measuring.meter.level();
  }
}

function measure(track: MediaStreamTrack): { copy: MediaStreamTrack; meter: LevelMeter } {
  const copy = track.clone();
  copy.enabled = true;
  return { copy, meter: createLevelMeter(copy) };
}
