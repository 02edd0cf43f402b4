import type { TrackPipelineOptions } from '@parley/media/worker';

/** Of the packets, if there are any. */
export const PAYLOAD_TYPE = 100;

/** A new speaker each time: the recogniser is fair between speakers, and tells them apart by their ids. */
export function trackOfBench(): Pick<TrackPipelineOptions, 'meetingId' | 'track'> {
  const trackId = `track ${Math.random()}`;
  return {
    meetingId: 'bench',
    track: {
      trackId,
      participantId: trackId,
      name: 'microphone',
      epoch: 1,
      ssrc: 1,
      payloadType: PAYLOAD_TYPE,
      muted: false,
    },
  };
}
