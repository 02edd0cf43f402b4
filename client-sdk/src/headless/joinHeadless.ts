import { credentialsOf, type RoomClientOptions, type WhoJoins } from '../clientOptions.js';
import { randomSubject } from '../guestCredentials.js';
import type { SpeechOverrides } from '../protocol/index.js';
import { RoomClient } from '../RoomClient.js';

/** Options of a client that only reads. Set exactly one of `name`, `token`, `getToken` and `credentials`. */
export interface HeadlessOptions extends Omit<RoomClientOptions, 'credentials'>, WhoJoins {
  /** Address of the server, e.g. `https://meet.example:8443`. */
  url: string;
  room: string;
  /** A guest's name. */
  name?: string;
  /**
   * With `name`: identifies this guest. 16 to 128 letters, digits, `-` or `_`; keep it secret like a password. Default: a new guest with
   * each call. The same subject in the same room is the same participant, and can have only one connection there.
   */
  subject?: string;
  /** The participant's own settings; they override the room's. */
  settings?: SpeechOverrides;
  /** Whether to wait where a moderator has to admit this guest. Default true; if false, the join is refused. */
  waitForAdmission?: boolean;
}

/**
 * Joins a room to read along. No audio in either direction and no WebRTC, so it runs in Node 20 and newer. After a lost connection the
 * client reconnects and fetches what it missed. Call `close` to let the process end.
 *
 * @example
 * const client = await joinHeadless({ url: 'https://meet.example:8443', room: 'daily', name: 'Minutes' });
 * client.on('segmentUpdated', ({ segment }) => {
 *   if (segment.status === 'final') console.log(`${segment.displayName}: ${segment.text}`);
 * });
 *
 * @example A server with a development certificate
 * await joinHeadless({ url, room, name: 'Minutes', ca: await readFile('ca.crt', 'utf8') });
 *
 * @throws ParleyError, as a rejection: `CONNECTION_FAILED`, `WEBSOCKET_BLOCKED`, `NOT_A_PARLEY_SERVER`, `UNAUTHENTICATED`, `JOIN_SECRET_REQUIRED`, `ROOM_FULL`, `ROOM_LOCKED` ...;
 * TypeError unless exactly one identity is given
 */
export async function joinHeadless(options: HeadlessOptions): Promise<RoomClient> {
  const { room, settings, waitForAdmission = true, subject = randomSubject() } = options;
  // A browser profile always is the same guest, but one process may run several.
  const credentials = credentialsOf(options, (guest) => ({ kind: 'guest', subject, ...guest }));
  const client = new RoomClient({ ...options, credentials });
  try {
    await client.connect();
    await client.join({ room, waitForAdmission, ...(settings === undefined ? {} : { settings }) });
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}
