import {
  captureMicrophone,
  ParleyClient,
  type ParleyClientOptions,
  ParleyError,
  type Publication,
} from '@parley/client-sdk';
import { useCallback, useEffect, useRef, useState } from 'react';

export interface JoinRequest {
  room: string;
  credentials: ParleyClientOptions['credentials'];
  /** Absent for somebody who only listens. */
  track: MediaStreamTrack | undefined;
}

export interface Session {
  client: ParleyClient;
  room: string;
  publication: Publication | undefined;
}

export interface Meeting {
  session: Session | undefined;
  error: ParleyError | undefined;
  busy: boolean;
  /** @returns whether it worked; if not, the track is still the caller's */
  join: (request: JoinRequest) => Promise<boolean>;
  leave: () => void;
  /** For somebody who came to listen: speaks from now on. @throws ParleyError, as a rejection */
  speak: () => Promise<void>;
}

/** The life of one meeting: from the join button to the last word, or to the error that ended it. */
export function useMeeting(): Meeting {
  const [session, setSession] = useState<Session>();
  const [error, setError] = useState<ParleyError>();
  const [busy, setBusy] = useState(false);
  const current = useRef<Session>(undefined);

  const end = useCallback(() => {
    const ended = current.current;
    current.current = undefined;
    ended?.publication?.track.stop();
    ended?.client.close();
    setSession(undefined);
  }, []);

  const join = useCallback(
    async ({ room, credentials, track }: JoinRequest) => {
      setBusy(true);
      setError(undefined);
      const client = new ParleyClient({ credentials });
      client.on('error', (event) => setError(event.error));
      client.on('disconnected', (event) => {
        if (!event.willReconnect) {
          end();
          setError(event.error);
        }
      });
      try {
        await client.connect();
        await client.join({ room });
        const publication = track === undefined ? undefined : await client.publish(track);
        current.current = { client, room, publication };
        setSession(current.current);
        return true;
      } catch (failure) {
        client.close();
        setError(failure instanceof ParleyError ? failure : new ParleyError('INTERNAL', { cause: failure }));
        return false;
      } finally {
        setBusy(false);
      }
    },
    [end],
  );

  const leave = useCallback(() => {
    const { client } = current.current ?? {};
    setError(undefined);
    if (client === undefined) return end();
    client.leave().then(end, end);
  }, [end]);

  const speak = useCallback(async () => {
    const listening = current.current;
    if (listening === undefined || listening.publication !== undefined) return;
    const track = await captureMicrophone();
    try {
      const publication = await listening.client.publish(track);
      current.current = { ...listening, publication };
      setSession(current.current);
    } catch (failure) {
      track.stop();
      throw failure;
    }
  }, []);

  // A tab that goes away leaves, instead of being missed for a while.
  useEffect(() => {
    const onHide = () => current.current?.client.close();
    addEventListener('pagehide', onHide);
    return () => removeEventListener('pagehide', onHide);
  }, []);

  return { session, error, busy, join, leave, speak };
}
