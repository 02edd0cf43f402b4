import {
  type Recognizer,
  type SpeakerEvent,
  SpeakerPipeline,
  type SpeechSettings,
  type VoiceActivityModel,
  type VoiceActivityStream,
} from '@parley/media';
import { PACKET_TICKS } from './OpusEncoder.js';
import { StandingClock } from './StandingClock.js';

const PAYLOAD_TYPE = 100;
const PACKET_MS = 20;
/** A microphone is open before somebody speaks, and after. */
export const LEAD_MS = 400;

export interface Heard {
  text: string;
  /** Engine time of everything that was asked for. */
  engineMs: number;
  /** Stretches of audio that did not become text. */
  gaps: number;
}

export interface PipelineRun {
  packets: readonly Uint8Array[];
  /** Indices of the packets that the network loses. */
  lost: ReadonlySet<number>;
  settings: SpeechSettings;
  recognizer: Recognizer;
  longestWindowMs: number;
  voiceActivity: VoiceActivityModel;
}

/** A recording's way as a participant's: RTP, jitter buffer, Opus, VAD, segmenter, recogniser, gates. */
export async function throughPipeline(run: PipelineRun): Promise<Heard> {
  const clock = new StandingClock(run.recognizer);
  const events: SpeakerEvent[] = [];
  let voice: VoiceActivityStream | undefined;
  const pipeline = new SpeakerPipeline({
    roomId: 'bench',
    speaker: {
      speakerId: 'speaker',
      participantId: 'participant',
      track: 'microphone',
      epoch: 1,
      ssrc: 1,
      payloadType: PAYLOAD_TYPE,
      muted: false,
    },
    meetingStartedAtMs: 0,
    settings: run.settings,
    longestWindowMs: run.longestWindowMs,
    voiceActivity: {
      open: (options) => {
        voice = run.voiceActivity.open(options);
        return voice;
      },
    },
    recognizer: clock,
    onEvent: (event) => events.push(event),
    now: clock.now,
  });
  const goOn = async () => {
    await voice?.drain();
    await clock.advance(PACKET_MS);
    pipeline.tick();
  };
  for (const [index, payload] of run.packets.entries()) {
    if (!run.lost.has(index)) {
      pipeline.push({
        payloadType: PAYLOAD_TYPE,
        marker: index === 0,
        sequenceNumber: index & 0xffff,
        timestamp: (index * PACKET_TICKS) >>> 0,
        ssrc: 1,
        payload,
      });
    }
    await goOn();
  }
  await pipeline.close();
  return {
    text: events.flatMap((event) => (event.type === 'final' ? [event.hypothesis.text] : [])).join(' '),
    engineMs: clock.engineMs,
    gaps: events.filter(({ type }) => type === 'gap').length,
  };
}

/** The same packets at every run: a share of all of them, each for itself. */
export function lostPackets(count: number, options: { lossPercent: number; seed: number }): Set<number> {
  let state = options.seed;
  const lost = new Set<number>();
  for (let index = 0; index < count; index += 1) {
    // Park and Miller's generator: 2^31 - 1 and 16807.
    state = (state * 16_807) % 2_147_483_647;
    if (state / 2_147_483_647 < options.lossPercent / 100) lost.add(index);
  }
  return lost;
}
