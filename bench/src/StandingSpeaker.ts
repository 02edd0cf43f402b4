import type { Recognizer } from '@parley/media/asr';
import type { ReadingProfile, SpeechSettings } from '@parley/media/settings';
import {
  type TrackEvent,
  TrackPipeline,
  type VoiceActivityModel,
  type VoiceActivityStream,
} from '@parley/media/worker';
import { StandingClock } from './StandingClock.js';
import { trackOfBench } from './trackOfBench.js';

export interface StandingSpeakerOptions {
  settings: SpeechSettings;
  recognizer: Recognizer;
  longestWindowMs: number;
  /** From the model's profile. */
  reading?: Partial<ReadingProfile> | undefined;
  voiceActivity: VoiceActivityModel;
}

export interface Heard {
  /** Texts of the finals, in the order of speech. */
  texts: string[];
  /** Their times, milliseconds from the first sample. */
  segments: { startMs: number; endMs: number }[];
  /** Engine time of all requests. */
  engineMs: number;
  /** Parts of the audio that did not become text. */
  gaps: number;
}

/** A speaker's pipeline in a time that stands still during work. */
export class StandingSpeaker {
  /** Push audio into it, then let time pass with `goOn`. */
  readonly pipeline: TrackPipeline;
  readonly #clock: StandingClock;
  readonly #events: TrackEvent[] = [];
  #voice: VoiceActivityStream | undefined;

  constructor(options: StandingSpeakerOptions) {
    const { settings, recognizer, longestWindowMs, reading, voiceActivity } = options;
    this.#clock = new StandingClock(recognizer);
    this.pipeline = new TrackPipeline({
      ...trackOfBench(),
      meetingStartedAtMs: 0,
      settings,
      longestWindowMs,
      reading,
      voiceActivity: {
        open: (how) => {
          this.#voice = voiceActivity.open(how);
          return this.#voice;
        },
      },
      recognizer: this.#clock,
      onEvent: (event) => this.#events.push(event),
      now: this.#clock.now,
    });
  }

  /** Lets time pass, once all earlier work is done. */
  async goOn(ms: number): Promise<void> {
    await this.#voice?.drain();
    await this.#clock.advance(ms);
  }

  /** The speech is over. */
  async close(): Promise<Heard> {
    await this.pipeline.close();
    const finals = this.#events.flatMap((event) => (event.type === 'final' ? [event] : []));
    return {
      texts: finals.map(({ hypothesis }) => hypothesis.text),
      segments: finals.map(({ segment: { startMs, endMs } }) => ({ startMs, endMs })),
      engineMs: this.#clock.engineMs,
      gaps: this.#events.filter(({ type }) => type === 'gap').length,
    };
  }
}
