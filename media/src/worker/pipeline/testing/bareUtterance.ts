import type { RecognitionRequest } from '../../../asr/contract/recognition.js';
import { resolveSpeechSettings } from '../../../settings/modes.js';
import { DEFAULT_READING, type ReadingProfile } from '../../../settings/reading.js';
import type { SpeechOverrides } from '../../../settings/speechSettings.js';
import { FakeRecognizer, type FakeScript } from '../../../testing/FakeRecognizer.js';
import { ManualTime } from '../../../testing/ManualTime.js';
import { Timeline } from '../Timeline.js';
import { Utterance, type UtteranceContext, type UtteranceEvent } from '../Utterance.js';

/** An utterance at the start of a ring of a minute, without a pipeline around it, and a scripted recogniser. */
export function bareUtterance(options: {
  script: (request: RecognitionRequest) => FakeScript;
  settings?: SpeechOverrides;
  segmenter?: Partial<UtteranceContext['segmenter']>;
  reading?: Partial<ReadingProfile>;
}) {
  const time = new ManualTime();
  const timeline = new Timeline({ index: 0, meetingStartedAtMs: 0, now: () => time.now() });
  const recognizer = new FakeRecognizer({ time, script: options.script });
  const events: UtteranceEvent[] = [];
  const utterance = new Utterance(
    { id: 'u', startSample: 0, startMs: 0, timeline, continues: false, onEvent: (event) => events.push(event) },
    {
      meetingId: 'r',
      trackId: 's',
      recognizer,
      now: () => time.now(),
      current: () => ({
        settings: resolveSpeechSettings('balanced', options.settings ?? {}),
        longestWindowMs: 28_000,
      }),
      reading: { ...DEFAULT_READING, ...options.reading },
      captions: { languageRequest: () => ({ language: 'en', languages: [] }), prompt: (before) => before },
      segmenter: { quietest: () => undefined, canSplitAt: () => true, ...options.segmenter },
    },
  );
  const of = <T extends UtteranceEvent['type']>(type: T) =>
    events.filter((event): event is Extract<UtteranceEvent, { type: T }> => event.type === type);
  return {
    time,
    ring: timeline.ring,
    utterance,
    requests: recognizer.requests,
    events,
    /** Each reported reading of the words before a silence. */
    readings: () => of('silenceRead').map(({ reading }) => reading),
    /** Engine time of each answer that was not used. */
    discarded: () => of('answerDiscarded').map(({ engineMs }) => engineMs),
    /** Where the utterance could be cut, in samples. */
    cuts: () => of('partFinished').map(({ part }) => part.endSample),
  };
}
