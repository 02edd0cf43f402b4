import { createLevelMeter, type LevelMeter } from './createLevelMeter.js';

/** Measures the loudness of a microphone, also while it is muted. A disabled track is silent everywhere, so a clone of it is measured. */
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

  /** 0 to 1, as in `createLevelMeter`; 0 without a track. The meter is created with the first call. */
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
