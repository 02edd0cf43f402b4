import { PACKET_TICKS } from '@parley/media/testing';
import { StandingSpeaker, type StandingSpeakerOptions } from '../StandingSpeaker.js';
import { PAYLOAD_TYPE } from '../trackOfBench.js';

const PACKET_MS = 20;
/** A microphone is open before and after the speech. */
export const LEAD_MS = 400;

export interface Heard {
  text: string;
  /** Engine time of all requests. */
  engineMs: number;
  /** Parts of the audio that did not become text. */
  gaps: number;
}

export interface PipelineRun extends StandingSpeakerOptions {
  packets: readonly Uint8Array[];
  /** Indices of lost packets. */
  lost: ReadonlySet<number>;
}

/** Plays a recording like a participant's: RTP, jitter buffer, Opus, VAD, segmenter, recogniser, gates. */
export async function throughPipeline(run: PipelineRun): Promise<Heard> {
  const { packets, lost, ...how } = run;
  const speaker = new StandingSpeaker(how);
  const { pipeline } = speaker;
  for (const [index, payload] of packets.entries()) {
    if (!lost.has(index)) {
      pipeline.push({
        payloadType: PAYLOAD_TYPE,
        marker: index === 0,
        sequenceNumber: index & 0xffff,
        timestamp: (index * PACKET_TICKS) >>> 0,
        ssrc: 1,
        payload,
      });
    }
    await speaker.goOn(PACKET_MS);
    pipeline.tick();
  }
  const { texts, engineMs, gaps } = await speaker.close();
  return { text: texts.join(' '), engineMs, gaps };
}

/** The same packets in every run: a share of all of them, each independently. */
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
