import type { Recognizer } from '../../asr/contract/Recognizer.js';
import { TrackPipeline, type TrackPipelineOptions } from '../pipeline/TrackPipeline.js';
import type { VoiceActivityStream } from '../speech/index.js';
import { StandingClock } from './StandingClock.js';

export interface OfflineTrackOptions extends Omit<TrackPipelineOptions, 'now' | 'meetingStartedAtMs'> {
  recognizer: Recognizer;
}

/** The pipeline of a live track, for audio that already exists: on a clock that stands still while there is work. */
export class OfflineTrack {
  /** Push audio here, then let its time pass with `advance`. */
  readonly pipeline: TrackPipeline;
  readonly #clock: StandingClock;
  #voice: VoiceActivityStream | undefined;

  constructor(options: OfflineTrackOptions) {
    const { voiceActivity } = options;
    this.#clock = new StandingClock(options.recognizer);
    this.pipeline = new TrackPipeline({
      ...options,
      meetingStartedAtMs: 0,
      voiceActivity: {
        open: (how) => {
          this.#voice = voiceActivity.open(how);
          return this.#voice;
        },
      },
      recognizer: this.#clock,
      now: this.#clock.now,
    });
  }

  /** Engine time of all answers. */
  get engineMs(): number {
    return this.#clock.engineMs;
  }

  /** Lets time pass, once everything that was pushed has been worked through. */
  async advance(ms: number): Promise<void> {
    await this.#voice?.drain();
    await this.#clock.advance(ms);
  }

  /** There is no more audio. Resolves when all of it is text, a gap, or no speech. */
  close(): Promise<void> {
    return this.pipeline.close();
  }
}
