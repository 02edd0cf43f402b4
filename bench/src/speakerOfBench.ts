import type { SpeakerPipelineOptions } from '@parley/media/worker';

/** Of the packets, where there are any. */
export const PAYLOAD_TYPE = 100;

/** Somebody nobody else is: the recogniser is fair between speakers, and knows them by their ids. */
export function speakerOfBench(): Pick<SpeakerPipelineOptions, 'roomId' | 'speaker'> {
  const speakerId = `speaker ${Math.random()}`;
  return {
    roomId: 'bench',
    speaker: {
      speakerId,
      participantId: speakerId,
      track: 'microphone',
      epoch: 1,
      ssrc: 1,
      payloadType: PAYLOAD_TYPE,
      muted: false,
    },
  };
}
