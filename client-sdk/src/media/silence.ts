/** Whether silence can be created. */
export function canMakeSilence(): boolean {
  return typeof AudioContext !== 'undefined';
}

/** Creates a silent track: WebRTC needs a track even for a producer that starts paused. It can be released as soon as it is in use. */
export function createSilence(): { track: MediaStreamTrack; release(): void } {
  const context = new AudioContext();
  const [track] = context.createMediaStreamDestination().stream.getAudioTracks() as [MediaStreamTrack];
  return {
    track,
    release: () => {
      track.stop();
      void context.close();
    },
  };
}
