/** The only track of one participant. */
export const ONE_TRACK = {
  trackId: 's',
  participantId: 'p',
  name: 'microphone',
  epoch: 1,
  ssrc: 1,
  payloadType: 100,
  muted: false,
};
