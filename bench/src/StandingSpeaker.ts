import type { Recognizer } from '@parley/media/asr';
import type { ReadingProfile, SpeechSettings } from '@parley/media/settings';
import { OfflineTrack, type TrackEvent, type VoiceActivityModel } from '@parley/media/worker';
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

/** A speaker's pipeline on a clock that stands still while there is work; collects what it makes of the audio. */
export class StandingSpeaker {
  readonly #track: OfflineTrack;
  readonly #events: TrackEvent[] = [];

  constructor(options: StandingSpeakerOptions) {
    this.#track = new OfflineTrack({ ...options, ...trackOfBench(), onEvent: (event) => this.#events.push(event) });
  }

  /** Push audio here, then let its time pass with `goOn`. */
  get pipeline(): OfflineTrack['pipeline'] {
    return this.#track.pipeline;
  }

  /** Lets time pass, once everything that was pushed has been worked through. */
  goOn(ms: number): Promise<void> {
    return this.#track.advance(ms);
  }

  /** Nothing more is said. */
  async close(): Promise<Heard> {
    await this.#track.close();
    const finals = this.#events.flatMap((event) => (event.type === 'final' ? [event] : []));
    return {
      texts: finals.map(({ hypothesis }) => hypothesis.text),
      segments: finals.map(({ segment: { startMs, endMs } }) => ({ startMs, endMs })),
      engineMs: this.#track.engineMs,
      gaps: this.#events.filter(({ type }) => type === 'gap').length,
    };
  }
}
