import { chooseMeeting, mismatchWarning, PEOPLES_MEETING, type RunningModel, SYNTHETIC_MEETING } from '@parley/demo';
import { peoplesMonologues, peoplesPausedSentences, readTracks } from './peoplesSpeech.js';
import type { Speech } from './Speech.js';
import { syntheticMonologues, syntheticPausedSentences, syntheticTracks } from './syntheticSpeech.js';

/** The speech for a benchmark. */
export interface BenchMeeting {
  /** `people`, `synthetic`, or the name of the folder. */
  name: string;
  /** Absolute. */
  directory: string;
  /** One per speaker, on one time line. */
  tracks(): Promise<Speech[]>;
  /** Speech without a pause; absent if there is none for these voices. */
  monologues?: () => Promise<Speech[]>;
  /** Sentences with a pause of 300 to 450 ms inside, which differ by the seed; absent if there are none for these voices. */
  pausedSentences?: (seed: number) => Promise<Speech[]>;
}

/**
 * @param options.asked `people`, `synthetic` or a folder with a `meeting.json`; default: what the model understands
 * @param options.onNote gets a sentence if the model cannot understand the meeting
 */
export function openMeeting(options: {
  asked?: string | undefined;
  model: RunningModel;
  onNote?: (sentence: string) => void;
}): BenchMeeting {
  const { asked, model, onNote } = options;
  const meeting = chooseMeeting({ asked, model });
  const warning = mismatchWarning({ model, meeting });
  if (warning !== undefined) onNote?.(warning);
  const { directory } = meeting;
  if (directory === SYNTHETIC_MEETING) {
    return {
      ...meeting,
      // The same tracks, at 16 kHz already.
      tracks: async () => syntheticTracks(),
      monologues: async () => syntheticMonologues(),
      pausedSentences: async (seed) => syntheticPausedSentences(seed),
    };
  }
  const tracks = () => readTracks(directory);
  if (directory !== PEOPLES_MEETING) return { ...meeting, tracks };
  return { ...meeting, tracks, monologues: peoplesMonologues, pausedSentences: peoplesPausedSentences };
}
