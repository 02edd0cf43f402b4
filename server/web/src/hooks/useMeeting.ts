import {
  type Credentials,
  LocalMicrophone,
  ParleyClient,
  type ParleyError,
  type SpeechOverrides,
} from '@parley/client-sdk';
import { useCallback, useEffect, useRef, useState } from 'react';
import { asError } from './asError.js';

export interface JoinRequest {
  room: string;
  credentials: Credentials | (() => Promise<Credentials>);
  settings: SpeechOverrides;
  /** What the address of an invitation needs besides the room. */
  joinSecret: string;
  /** Absent for somebody who only listens. */
  microphone: LocalMicrophone | undefined;
}

export interface Session {
  client: ParleyClient;
  room: string;
  joinSecret: string;
  meetingStartedAtMs: number;
  /** The server can record this meeting. */
  recording: boolean;
  microphone: LocalMicrophone | undefined;
}

export interface Meeting {
  session: Session | undefined;
  error: ParleyError | undefined;
  busy: boolean;
  /** @returns whether it worked; if not, the microphone is still the caller's */
  join: (request: JoinRequest) => Promise<boolean>;
  leave: () => void;
  /** For somebody who came to listen: speaks from now on. @throws ParleyError, as a rejection */
  speak: () => Promise<void>;
  dismissError: () => void;
}

/** The life of one meeting: from the join button to the last word, or to the error that ended it. */
export function useMeeting(): Meeting {
  const [session, setSession] = useState<Session>();
  const [error, setError] = useState<ParleyError>();
  const [busy, setBusy] = useState(false);
  const current = useRef<Session>(undefined);

  const show = useCallback((next: Session | undefined) => {
    current.current = next;
    setSession(next);
  }, []);

  const end = useCallback(() => {
    const ended = current.current;
    show(undefined);
    ended?.client.close();
    ended?.microphone?.close();
  }, [show]);

  /** Whoever cannot be heard can still read along: the microphone is closed then, and the meeting goes on. */
  const publish = useCallback(
    async (client: ParleyClient, microphone: LocalMicrophone) => {
      try {
        await client.publishMicrophone(microphone);
      } catch (failure) {
        microphone.close();
        throw failure;
      }
      const joined = current.current;
      if (joined?.client === client) show({ ...joined, microphone });
      else microphone.close();
    },
    [show],
  );

  const join = useCallback(
    async ({ room, credentials, settings, joinSecret, microphone }: JoinRequest) => {
      setBusy(true);
      setError(undefined);
      const client = new ParleyClient({ credentials });
      client.on('error', (event) => setError(event.error));
      client.on('disconnected', (event) => {
        if (event.willReconnect) return;
        end();
        setError(event.error);
      });
      client.on('meetingChanged', () => {
        if (current.current?.client === client) show({ ...current.current, meetingStartedAtMs: Date.now() });
      });
      try {
        await client.connect();
        const joined = await client.join({ room, settings });
        const { meetingStartedAtMs, features } = joined;
        show({ client, room, joinSecret, meetingStartedAtMs, recording: features.recording, microphone: undefined });
      } catch (failure) {
        client.close();
        setError(asError(failure));
        return false;
      } finally {
        setBusy(false);
      }
      if (microphone !== undefined) {
        await publish(client, microphone).catch((failure: unknown) => setError(asError(failure)));
      }
      return true;
    },
    [end, publish, show],
  );

  const leave = useCallback(() => {
    const { client } = current.current ?? {};
    setError(undefined);
    if (client === undefined) return end();
    client.leave().then(end, end);
  }, [end]);

  const speak = useCallback(async () => {
    const listening = current.current;
    if (listening === undefined || listening.microphone !== undefined) return;
    await publish(listening.client, await LocalMicrophone.create());
  }, [publish]);

  // A tab that goes away leaves, instead of being missed for a while.
  useEffect(() => {
    const onHide = () => current.current?.client.close();
    addEventListener('pagehide', onHide);
    return () => removeEventListener('pagehide', onHide);
  }, []);

  const dismissError = useCallback(() => setError(undefined), []);
  return { session, error, busy, join, leave, speak, dismissError };
}
