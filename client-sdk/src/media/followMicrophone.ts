import { codeOf } from '../parleyErrors.js';
import type { LocalMicrophone } from './LocalMicrophone.js';
import type { Publication } from './Publication.js';

/**
 * Makes a publication follow its microphone: new track, muted, unmuted, lost, closed. Changes before the call are applied first.
 * @returns a function that ends this
 */
export function followMicrophone(options: {
  microphone: LocalMicrophone;
  publication: Publication;
  /** Called for failures of steps that no caller awaits. */
  onError: (error: unknown) => void;
}): () => void {
  const { microphone, publication, onError } = options;
  const onRefused = (error: unknown) => {
    // What shows the microphone must not show it open.
    if (codeOf(error) === 'MUTED_BY_MODERATOR') microphone.mute();
    onError(error);
  };
  const sendTrack = (track: MediaStreamTrack) => {
    publication.replaceTrack(track).catch((error: unknown) => {
      // A failure no longer matters once the microphone has another track.
      if (track === microphone.track && !publication.closed) onRefused(error);
    });
  };
  const setMuted = (muted: boolean) => {
    (muted ? publication.mute() : publication.unmute()).catch(onRefused);
  };
  const interrupt = () => void publication.interrupt().catch(onError);
  const offs = [
    microphone.on('trackChanged', ({ track }) => sendTrack(track)),
    microphone.on('mutedChanged', ({ muted }) => setMuted(muted)),
    // A lost microphone is recovered with a new track, which ends the interruption.
    microphone.on('lost', () => interrupt()),
    microphone.on('closed', () => void publication.close().catch(onError)),
  ];
  if (microphone.track !== publication.track && microphone.track.readyState === 'live') sendTrack(microphone.track);
  if (microphone.muted !== publication.muted) setMuted(microphone.muted);
  if (microphone.lost) interrupt();
  if (microphone.closed) void publication.close().catch(onError);
  return () => {
    for (const off of offs) off();
  };
}
