import { captureMicrophone, listMicrophones, type Microphone, ParleyError } from '@parley/client-sdk';
import { useCallback, useEffect, useState } from 'react';

/** Value of the picker for somebody who only listens. */
export const LISTEN_ONLY = 'listen-only';

export interface MicrophoneChoice {
  microphones: Microphone[];
  deviceId: string;
  track: MediaStreamTrack | undefined;
  error: ParleyError | undefined;
  choose: (deviceId: string) => void;
  /** Hands the open track over; the picker will not stop it any more, unless it comes back. */
  take: () => MediaStreamTrack | undefined;
  giveBack: () => void;
}

/** A microphone for the join view: opened at once, so that its level can be seen before anybody hears it. */
export function useMicrophone(): MicrophoneChoice {
  const [microphones, setMicrophones] = useState<Microphone[]>([]);
  const [deviceId, setDeviceId] = useState('');
  const [track, setTrack] = useState<MediaStreamTrack>();
  const [error, setError] = useState<ParleyError>();

  useEffect(() => {
    if (deviceId === LISTEN_ONLY) return;
    let current: MediaStreamTrack | undefined;
    let ended = false;
    setError(undefined);
    captureMicrophone({ deviceId })
      .then(async (captured) => {
        if (ended) return captured.stop();
        current = captured;
        setError(undefined);
        setTrack(captured);
        setMicrophones(await listMicrophones());
      })
      .catch((failure: unknown) => {
        if (!ended)
          setError(
            failure instanceof ParleyError ? failure : new ParleyError('MICROPHONE_NOT_FOUND', { cause: failure }),
          );
      });
    return () => {
      ended = true;
      setTrack((open) => (open === current ? undefined : open));
      if (current !== undefined && !taken.delete(current)) current.stop();
    };
  }, [deviceId]);

  const take = useCallback(() => {
    if (track !== undefined) taken.add(track);
    return track;
  }, [track]);

  const giveBack = useCallback(() => {
    if (track !== undefined) taken.delete(track);
  }, [track]);

  return { microphones, deviceId, track, error, choose: setDeviceId, take, giveBack };
}

/** Tracks that belong to a meeting now. */
const taken = new Set<MediaStreamTrack>();
