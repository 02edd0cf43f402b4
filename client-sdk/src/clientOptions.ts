import type { DeviceOptions } from 'mediasoup-client/types';
import { guestCredentials } from './guestCredentials.js';
import type { Logger } from './Logger.js';
import type { LocalMicrophone, LocalMicrophoneOptions } from './media/LocalMicrophone.js';
import type { ParleyClient } from './ParleyClient.js';
import type { Credentials, IceServer, SpeechOverrides } from './protocol/index.js';

export interface RoomClientOptions {
  /** Address of the server, e.g. `https://meet.example:8443`. Default: the page's own origin. */
  url?: string;
  /** Path below which a reverse proxy serves the server, e.g. `/parley`. Default `/`. The path of `url` is not used. */
  path?: string;
  /**
   * A function is called before each connection and before a token expires; it should return a fresh token. If it rejects during a
   * reconnect, it is called again with each further attempt; a ParleyError that is not `retryable` ends the client.
   */
  credentials: Credentials | (() => Promise<Credentials>);
  /** Delay between reconnect attempts: doubled each time, randomized by half. Default `defaults.retryDelayMs`. */
  retryDelayMs?: { min: number; max: number };
  /**
   * In ms: how long the client tries to reconnect before it is `disconnected` with `connectionLost`. Time that the machine
   * slept does not count; `Infinity` never gives up. Default `defaults.reconnectTimeoutMs`, ten minutes.
   */
  reconnectTimeoutMs?: number;
  /** Default: no logging. */
  logger?: Logger;
  /** PEM of the certificate authority to trust instead of the system's. Node only. */
  ca?: string;
}

export interface ParleyClientOptions extends RoomClientOptions {
  /** Used instead of the server's ICE servers. */
  iceServers?: IceServer[];
  /** For WebRTC engines other than a browser's: options of mediasoup-client's `Device`, e.g. a `handlerFactory`. */
  device?: DeviceOptions;
}

export interface JoinOptions {
  room: string;
  /** The participant's own settings; they override the room's. */
  settings?: SpeechOverrides;
  /**
   * Whether the others' audio is received and played. Default true. If false, no audio is received at all: for captions next to a call
   * whose sound comes from elsewhere.
   */
  playback?: boolean;
  /** Whether to wait where a moderator has to admit this participant. Default true; if false, the join is refused. */
  waitForAdmission?: boolean;
  /** What guests need after a moderator has renewed the room's secret. */
  roomSecret?: string;
  /** Makes this participant a moderator of the meeting; see `client.moderatorKey`. */
  moderatorKey?: string;
  /** Whether to begin off the record; see `client.setOffTheRecord`. Default false, or as chosen before in this meeting. */
  offTheRecord?: boolean;
  /** Version of the wording to which this participant consents; see `client.giveConsent`. An outdated one has no effect. */
  consentVersion?: string;
}

/** Options to connect and join in one call. Set exactly one of `name`, `token`, `getToken` and `credentials`. */
export interface JoinRoomOptions extends Omit<ParleyClientOptions, 'credentials'>, JoinOptions {
  /** A guest's name. The same browser profile stays the same participant. */
  name?: string;
  /** With `name`, if the server requires one. */
  joinSecret?: string;
  /** A token from the identity provider or your own server. It is not renewed; see `getToken`. */
  token?: string;
  /** Called before each connection and before a token expires; must return a token that is valid for a while. May reject like `credentials`. */
  getToken?: () => Promise<string>;
  /** As for `new ParleyClient`. */
  credentials?: ParleyClientOptions['credentials'];
  /**
   * True for the default microphone, options to choose one, or a microphone that is already open. Default false: listen only. A
   * microphone opened here is closed with the client; one that you pass in stays yours.
   */
  microphone?: boolean | LocalMicrophoneOptions | LocalMicrophone;
  /** Called when the client begins to wait for a moderator to admit it. Its `leave` or `close` ends the wait. */
  onWaiting?: (client: ParleyClient) => void;
}

/** The identity of the person who joins, in exactly one of these ways. */
export type WhoJoins = Pick<JoinRoomOptions, 'name' | 'joinSecret' | 'token' | 'getToken' | 'credentials'>;

/**
 * @param guestOf creates the credentials for a name
 * @throws TypeError unless exactly one way is given
 */
export function credentialsOf(options: WhoJoins, guestOf = guestCredentials): ParleyClientOptions['credentials'] {
  const { name, joinSecret, token, getToken, credentials } = options;
  const given = [name, token, getToken, credentials].filter((each) => each !== undefined);
  if (given.length !== 1) throw new TypeError('set exactly one of name, token, getToken and credentials');
  if (credentials !== undefined) return credentials;
  if (getToken !== undefined) return async () => ({ kind: 'token', token: await getToken() });
  if (token !== undefined) return { kind: 'token', token };
  return guestOf({ displayName: name ?? '', ...(joinSecret === undefined ? {} : { joinSecret }) });
}
