import { useCallback, useEffect, useRef, useState } from 'react';
import type { ClientState } from '../clientEvents.js';
import type { JoinRoomOptions } from '../clientOptions.js';
import { ParleyClient } from '../ParleyClient.js';
import { asParleyError } from '../parleyErrors.js';
import type { ParleyError } from '../protocol/index.js';
import { useClientState } from './room.js';

export interface Parley {
  /** From the moment the room is joined, or its admission waited for; kept when the meeting is over, so that its transcript can still be read. */
  client: ParleyClient | undefined;
  /** `idle` without options, `connecting` until the room is joined, then the client's. */
  state: ClientState;
  /** What kept one out or ended the meeting, or else the newest failure that the client has told. */
  error: ParleyError | undefined;
  /** Joins again, after an error or an end. */
  rejoin: () => void;
}

interface Attempt {
  client?: ParleyClient;
  error?: ParleyError;
  joining: boolean;
}

const OUT: Attempt = { joining: false };

/**
 * In a room for as long as the component is shown and there are options; out of it afterwards.
 *
 * Another `room` or `url` leaves the one and joins the other. Changes of the other options count from the next join on, so that
 * they may be written in place.
 *
 * @param options as `ParleyClient.join`; undefined to be in no room
 * @example
 * const { client, state, error } = useParley({ room: 'daily', name: 'Ada', microphone: true });
 * const captions = useCaptions(client);
 */
export function useParley(options: JoinRoomOptions | undefined): Parley {
  const [attempts, setAttempts] = useState(0);
  const [attempt, setAttempt] = useState<Attempt>(OUT);
  const newest = useRef(options);
  useEffect(() => {
    newest.current = options;
  });
  const room = options?.room;
  const url = options?.url;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the room, the server and `rejoin` make another stay, what else the options say does not
  useEffect(() => {
    setAttempt(OUT);
    if (room === undefined) return;
    setAttempt({ joining: true });
    let client: ParleyClient | undefined;
    let ended = false;
    const join = async () => {
      // Strict mode takes the first effect back at once: nobody has to see that one come and go.
      await Promise.resolve();
      if (ended || newest.current === undefined) return;
      const joined = await ParleyClient.join({
        ...newest.current,
        onWaiting: (waiting) => {
          if (ended) return waiting.close();
          client = waiting;
          setAttempt({ client, joining: false });
          newest.current?.onWaiting?.(waiting);
        },
      });
      if (ended) {
        joined.close();
        return;
      }
      client = joined;
      setAttempt({ client, joining: false });
      const tell = ({ error }: { error: ParleyError }) => setAttempt((now) => ({ ...now, error }));
      client.on('error', tell);
      client.on('disconnected', ({ error, willReconnect }) => {
        if (!willReconnect) tell({ error });
      });
    };
    join().catch((error: unknown) => {
      if (!ended) setAttempt({ joining: false, error: asParleyError(error, 'INTERNAL') });
    });
    // A tab that goes away leaves, instead of being missed for a while.
    const onHide = () => client?.close();
    globalThis.addEventListener?.('pagehide', onHide);
    return () => {
      ended = true;
      globalThis.removeEventListener?.('pagehide', onHide);
      client?.close();
    };
  }, [room, url, attempts]);

  const rejoin = useCallback(() => setAttempts((count) => count + 1), []);
  const { client, error, joining } = attempt;
  const state = useClientState(client);
  return { client, state: joining ? 'connecting' : state, error, rejoin };
}
