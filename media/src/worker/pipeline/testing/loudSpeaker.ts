import type { Recognizer } from '../../../asr/contract/Recognizer.js';
import { resolveSpeechSettings } from '../../../settings/modes.js';
import type { SpeechOverrides } from '../../../settings/speechSettings.js';
import { soundActivity } from '../../../testing/WrittenSpeech.js';
import type { TrackEvent } from '../../contract/messages.js';
import { TrackPipeline } from '../TrackPipeline.js';
import { ONE_TRACK } from './oneTrack.js';

const MS = 16;
const CHUNK_MS = 10;

/** A track on which every sound is speech, on a clock that the sound moves. */
export function loudSpeaker(options: { recognizer: Recognizer; settings?: SpeechOverrides }) {
  let nowMs = 0;
  const events: TrackEvent[] = [];
  const pipeline = new TrackPipeline({
    meetingId: 'r',
    track: ONE_TRACK,
    meetingStartedAtMs: 0,
    settings: resolveSpeechSettings('balanced', { language: 'en', ...options.settings }),
    longestWindowMs: 28_000,
    voiceActivity: soundActivity,
    recognizer: options.recognizer,
    onEvent: (event) => events.push(event),
    now: () => nowMs,
  });
  const hear = async ({ ms, level }: { ms: number; level: number }) => {
    for (let passed = 0; passed < ms; passed += CHUNK_MS) {
      pipeline.pushPcm(Int16Array.from({ length: CHUNK_MS * MS }, (_, at) => (at % 2 === 0 ? level : -level)));
      nowMs += CHUNK_MS;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { pipeline, events, hear };
}
