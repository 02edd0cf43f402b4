import { useCallback, useEffect, useRef, useState } from 'react';
import type { ClientState } from '../clientEvents.js';
import type { JoinRoomOptions } from '../clientOptions.js';
import { ParleyClient } from '../ParleyClient.js';
import { asParleyError } from '../parleyErrors.js';
import type { ParleyError } from '../protocol/index.js';
import { useClientState } from './room.js';

export interface Parley {
  /** Set once the room is joined, or waits for a moderator to admit it. Stays set after the meeting is over, so that its transcript can still be read. */
  client: ParleyClient | undefined;
  /** `idle` without options, `connecting` until the room is joined, then the client's state. */
  state: ClientState;
  /** The error that prevented the join or ended the meeting, or else the latest `error` event of the client. */
  error: ParleyError | undefined;
  /** Joins again, after an error or after the end. */
  rejoin: () => void;
}

interface Attempt {
  client?: ParleyClient;
  error?: ParleyError;
  joining: boolean;
}

const OUT: Attempt = { joining: false };

/**
 * Joins a room while the component is mounted and has options; leaves it afterwards.
 *
 * A change of `room` or `url` leaves the room and joins the new one. Changes of other options take effect with the next join, so they can
 * be written inline.
 *
 * @param options as for `ParleyClient.join`; undefined to be in no room
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

  // biome-ignore lint/correctness/useExhaustiveDependencies: only another room or server, or `rejoin`, starts another join
  useEffect(() => {
    setAttempt(OUT);
    if (room === undefined) return;
    setAttempt({ joining: true });
    let client: ParleyClient | undefined;
    let ended = false;
    const join = async () => {
      // Strict mode undoes the first effect at once. This wait prevents a participant who joins and leaves immediately.
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
    // A closed tab leaves the room at once, instead of staying until its connection times out.
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
