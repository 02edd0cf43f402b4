/** Whether there is anything to make silence with. */
export function canMakeSilence(): boolean {
  return typeof AudioContext !== 'undefined';
}

/** A track of silence, as WebRTC wants one even for what is paused from the start. It can be given back as soon as it was taken. */
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
