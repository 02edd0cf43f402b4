import {
  type ConsentWording,
  type Credentials,
  LocalMicrophone,
  ParleyClient,
  type ParleyError,
  type SpeechOverrides,
} from '@parley/client-sdk';
import { useCallback, useEffect, useRef, useState } from 'react';
import { basePathOf } from '../basePath.js';
import { readPreferences } from '../settings/usePreferences.js';
import { asError } from './asError.js';
import { endedBy, type Relief } from './endedBy.js';

export interface JoinRequest {
  room: string;
  credentials: Credentials | (() => Promise<Credentials>);
  settings: SpeechOverrides;
  /** Part of an invitation's address besides the room. */
  joinSecret: string;
  /** Of the meeting; empty without one. */
  roomSecret: string;
  moderatorKey: string;
  /** Absent for participants who only listen. */
  microphone: LocalMicrophone | undefined;
}

export interface Session {
  client: ParleyClient;
  room: string;
  joinSecret: string;
  meetingStartedAtMs: number;
  /** Whether the server can record this meeting. */
  recording: boolean;
  microphone: LocalMicrophone | undefined;
}

/** What somebody who joins is asked in a room that transcribes only those who agree. */
export interface ConsentRequest {
  wording: ConsentWording;
  agree: () => void;
  /** Joins without being transcribed. */
  decline: () => void;
}

export interface Meeting {
  session: Session | undefined;
  error: ParleyError | undefined;
  busy: boolean;
  /** A moderator has to admit this person; `leave` ends the wait. */
  waiting: boolean;
  /** The join waits for this decision; `leave` ends the wait. */
  consent: ConsentRequest | undefined;
  /** The browser froze the page during a meeting and restored it; the meeting went on without this participant. */
  putAway: boolean;
  /** @returns whether it worked; if not, the microphone still belongs to the caller */
  join: (request: JoinRequest) => Promise<boolean>;
  leave: () => void;
  /** Adds a microphone for a participant who only listened. @throws ParleyError, as a rejection */
  speak: () => Promise<void>;
  dismissError: () => void;
}

/** The life of one meeting: from the join button to its end or the error that ended it. */
export function useMeeting(): Meeting {
  const [session, setSession] = useState<Session>();
  const [error, setError] = useState<ParleyError>();
  const [busy, setBusy] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const [consent, setConsent] = useState<ConsentRequest>();
  const [putAway, setPutAway] = useState(false);
  const current = useRef<Session>(undefined);
  /** The client that is joining or has joined. Events of other clients belong to meetings that were left. */
  const ours = useRef<ParleyClient>(undefined);

  const show = useCallback((next: Session | undefined) => {
    current.current = next;
    setSession(next);
  }, []);

  /** Returns to the lobby at once. @returns the client, which still has to be closed */
  const part = useCallback(() => {
    const client = ours.current;
    ours.current = undefined;
    current.current?.microphone?.close();
    setConsent(undefined);
    show(undefined);
    return client;
  }, [show]);

  const relieve = useCallback((relief: Relief) => {
    setError((shown) => (shown !== undefined && endedBy(shown, relief) ? undefined : shown));
  }, []);

  /** Participants whose audio cannot be sent can still read along: their microphone is closed, and the meeting continues. */
  const publish = useCallback(
    async (client: ParleyClient, microphone: LocalMicrophone) => {
      // Set before publishing, so that push to talk is muted from the start.
      microphone.setPushToTalk(readPreferences().pushToTalk);
      try {
        await client.publishMicrophone(microphone);
      } catch (failure) {
        microphone.close();
        throw failure;
      }
      const joined = current.current;
      if (joined?.client !== client) return microphone.close();
      microphone.on('recovered', () => relieve('recovered'));
      show({ ...joined, microphone });
    },
    [relieve, show],
  );

  /** Resolves when the person has decided, or when they or the server have ended the meeting. */
  const decided = useCallback(
    (client: ParleyClient, wording: ConsentWording) =>
      new Promise<void>((resolve) => {
        const settle = () => {
          off();
          setConsent(undefined);
          resolve();
        };
        const off = client.on('stateChanged', ({ state }) => {
          if (state === 'disconnected') settle();
        });
        const agree = () =>
          client
            .giveConsent({ version: wording.version })
            .catch((failure: unknown) => {
              if (ours.current === client) setError(asError(failure));
            })
            .finally(settle);
        setConsent({ wording, agree: () => void agree(), decline: settle });
      }),
    [],
  );

  const join = useCallback(
    async ({ room, credentials, settings, joinSecret, roomSecret, moderatorKey, microphone }: JoinRequest) => {
      setBusy(true);
      setError(undefined);
      setPutAway(false);
      const client = new ParleyClient({ path: basePathOf(location), credentials });
      ours.current = client;
      const isOurs = () => ours.current === client;
      client.on('error', (event) => {
        if (isOurs()) setError(event.error);
      });
      client.on('disconnected', (event) => {
        if (event.willReconnect || !isOurs()) return;
        part()?.close();
        setError(event.error);
      });
      client.on('reconnected', () => relieve('reconnected'));
      client.on('stateChanged', ({ state }) => {
        // A connection that is lost meanwhile does not end the wait.
        if (isOurs() && state !== 'reconnecting') setWaiting(state === 'waiting');
      });
      client.on('meetingChanged', () => {
        const { joined } = client;
        if (joined === undefined || current.current?.client !== client) return;
        show({ ...current.current, ...factsOf(joined) });
      });
      try {
        await client.connect();
        const joined = await client.join({
          room,
          settings,
          ...(roomSecret === '' ? {} : { roomSecret }),
          ...(moderatorKey === '' ? {} : { moderatorKey }),
        });
        const { consentNeeded } = client;
        if (consentNeeded !== undefined) await decided(client, consentNeeded);
        if (!isOurs()) return false;
        show({ client, room, joinSecret, ...factsOf(client.joined ?? joined), microphone: undefined });
      } catch (failure) {
        client.close();
        if (isOurs()) {
          ours.current = undefined;
          setError(asError(failure));
        }
        return false;
      } finally {
        setBusy(false);
        setWaiting(false);
      }
      if (microphone !== undefined) {
        await publish(client, microphone).catch((failure: unknown) => {
          if (isOurs()) setError(asError(failure));
        });
      }
      return true;
    },
    [decided, part, publish, relieve, show],
  );

  const leave = useCallback(() => {
    setError(undefined);
    const client = part();
    // The server is notified in the background, without waiting.
    void client?.leave().finally(() => client.close());
  }, [part]);

  const speaking = useRef(false);
  const speak = useCallback(async () => {
    const listening = current.current;
    if (listening === undefined || listening.microphone !== undefined || speaking.current) return;
    speaking.current = true;
    try {
      await publish(listening.client, await LocalMicrophone.create());
    } finally {
      speaking.current = false;
    }
  }, [publish]);

  useEffect(() => {
    // A closed tab leaves the room at once, instead of staying until its connection times out.
    const onHide = () => ours.current?.close();
    // A tab restored from the browser's cache still shows the meeting that it has left.
    const onShow = (event: PageTransitionEvent) => {
      if (!event.persisted || ours.current === undefined) return;
      part();
      setError(undefined);
      setPutAway(true);
    };
    addEventListener('pagehide', onHide);
    addEventListener('pageshow', onShow);
    return () => {
      removeEventListener('pagehide', onHide);
      removeEventListener('pageshow', onShow);
    };
  }, [part]);

  const dismissError = useCallback(() => setError(undefined), []);
  return { session, error, busy, waiting, consent, putAway, join, leave, speak, dismissError };
}

/** What the page needs of the answer to a join. */
function factsOf({
  meetingStartedAtMs,
  features,
}: NonNullable<ParleyClient['joined']>): Pick<Session, 'meetingStartedAtMs' | 'recording'> {
  return { meetingStartedAtMs, recording: features.recording };
}
