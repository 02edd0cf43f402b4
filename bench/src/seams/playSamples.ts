import {
  type Recognizer,
  type SpeakerEvent,
  SpeakerPipeline,
  type SpeechSettings,
  type VoiceActivityModel,
  type VoiceActivityStream,
} from '@parley/media';
import { StandingClock } from '../wer/StandingClock.js';

const CHUNK_SAMPLES = 320;
const CHUNK_MS = 20;

export interface Heard {
  /** Of the finals, in the order of speech. */
  texts: string[];
  gaps: number;
  /** Engine time of everything that was asked for. */
  engineMs: number;
}

/** Samples through a speaker's pipeline while time stands still for whoever works. */
export async function playSamples(options: {
  pcm: Int16Array;
  settings: SpeechSettings;
  recognizer: Recognizer;
  longestWindowMs: number;
  voiceActivity: VoiceActivityModel;
}): Promise<Heard> {
  const { pcm, settings, longestWindowMs } = options;
  const clock = new StandingClock(options.recognizer);
  const events: SpeakerEvent[] = [];
  let voice: VoiceActivityStream | undefined;
  // The recogniser is fair between speakers, and knows them by their ids.
  const speakerId = `speaker ${Math.random()}`;
  const pipeline = new SpeakerPipeline({
    roomId: 'bench',
    speaker: {
      speakerId,
      participantId: speakerId,
      track: 'microphone',
      epoch: 1,
      ssrc: 1,
      payloadType: 100,
      muted: false,
    },
    meetingStartedAtMs: 0,
    settings,
    longestWindowMs,
    voiceActivity: {
      open: (how) => {
        voice = options.voiceActivity.open(how);
        return voice;
      },
    },
    recognizer: clock,
    onEvent: (event) => events.push(event),
    now: clock.now,
  });
  for (let at = 0; at < pcm.length; at += CHUNK_SAMPLES) {
    pipeline.pushPcm(pcm.slice(at, at + CHUNK_SAMPLES));
    await voice?.drain();
    await clock.advance(CHUNK_MS);
  }
  await pipeline.close();
  return {
    texts: events.flatMap((event) => (event.type === 'final' ? [event.hypothesis.text] : [])),
    gaps: events.filter(({ type }) => type === 'gap').length,
    engineMs: clock.engineMs,
  };
}
