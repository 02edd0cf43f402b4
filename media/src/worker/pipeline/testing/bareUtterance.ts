import type { RecognitionRequest } from '../../../asr/contract/recognition.js';
import { resolveSpeechSettings } from '../../../settings/modes.js';
import { DEFAULT_READING } from '../../../settings/reading.js';
import type { SpeechOverrides } from '../../../settings/speechSettings.js';
import { FakeRecognizer, type FakeScript } from '../../../testing/FakeRecognizer.js';
import { ManualTime } from '../../../testing/ManualTime.js';
import { PcmRing } from '../../audio/index.js';
import { MediaClock } from '../../rtp/index.js';
import { Utterance, type UtteranceContext } from '../Utterance.js';

/** An utterance at the start of a ring of a minute, without a pipeline around it, and a recogniser that does as it is told. */
export function bareUtterance(options: {
  script: (request: RecognitionRequest) => FakeScript;
  settings?: SpeechOverrides;
  on?: Partial<Pick<UtteranceContext, 'onReading' | 'onDiscarded' | 'onSplit' | 'quietest' | 'canSplitAt'>>;
}) {
  const time = new ManualTime();
  const ring = new PcmRing();
  const recognizer = new FakeRecognizer({ time, script: options.script });
  const utterance = new Utterance(
    {
      id: 'u',
      startSample: 0,
      startMs: 0,
      timeline: { index: 0, ring, clock: new MediaClock({ meetingStartMs: 0 }), firstTimestamp: 0 },
      continues: false,
    },
    {
      meetingId: 'r',
      trackId: 's',
      recognizer,
      now: () => time.now(),
      settings: () => resolveSpeechSettings('balanced', options.settings ?? {}),
      longestWindowMs: () => 28_000,
      reading: DEFAULT_READING,
      language: () => ({ language: 'en', languages: [] }),
      prompt: (before) => before,
      quietest: () => undefined,
      canSplitAt: () => true,
      onText: () => {},
      onReading: () => {},
      onSplit: () => {},
      onAnswered: () => {},
      onDiscarded: () => {},
      ...options.on,
    },
  );
  return { time, ring, utterance, requests: recognizer.requests };
}
