import type { DeviceOptions } from 'mediasoup-client/types';
import { guestCredentials } from './guestCredentials.js';
import type { Logger } from './Logger.js';
import type { LocalMicrophone, LocalMicrophoneOptions } from './media/LocalMicrophone.js';
import type { Credentials, IceServer, SpeechOverrides } from './protocol/index.js';

export interface RoomClientOptions {
  /** Address of the server, e.g. `https://meet.example:8443`. Default: where the page comes from. */
  url?: string;
  /**
   * A function is asked before each connection, and when a token runs out: give it tokens that are refreshed. When it rejects on the way
   * back after a loss, it is asked again as often as the server is; a ParleyError that is not `retryable` ends the client.
   */
  credentials: Credentials | (() => Promise<Credentials>);
  /** Between attempts to come back after a loss: doubled each time, scattered by half. Default `defaults.retryDelayMs`. */
  retryDelayMs?: { min: number; max: number };
  /**
   * In ms: a client that has tried for so long to come back after a loss is `disconnected` by `connectionLost`. Time that the machine
   * slept does not count; `Infinity` tries for ever. Default `defaults.reconnectTimeoutMs`, ten minutes.
   */
  reconnectTimeoutMs?: number;
  /** Default: silence. */
  logger?: Logger;
  /** PEM of the authority to trust instead of those that the system knows. In Node only. */
  ca?: string;
}

export interface ParleyClientOptions extends RoomClientOptions {
  /** Used instead of the ones that the server names. */
  iceServers?: IceServer[];
  /** For other engines than a browser's: what mediasoup-client's `Device` takes, e.g. a `handlerFactory`. */
  device?: DeviceOptions;
}

export interface JoinOptions {
  room: string;
  /** One's own settings, over those of the room. */
  settings?: SpeechOverrides;
  /**
   * Whether the others' audio is received and played. Default true. Without, not a packet of it is received: for captions beside a
   * call that has its sound from elsewhere.
   */
  playback?: boolean;
}

/** Everything from nothing to captions. Who one is says one of `name`, `token`, `getToken` and `credentials`. */
export interface JoinRoomOptions extends Omit<ParleyClientOptions, 'credentials'>, JoinOptions {
  /** A guest's name; this browser's profile stays the same participant. */
  name?: string;
  /** With `name`, where the server asks for one. */
  joinSecret?: string;
  /** A token of the identity provider, or of your own server. It is not renewed: see `getToken`. */
  token?: string;
  /** Asked before each connection and before a token runs out; gives tokens that still hold for a while. May reject as `credentials`. */
  getToken?: () => Promise<string>;
  /** As `new ParleyClient` takes them. */
  credentials?: ParleyClientOptions['credentials'];
  /**
   * True for the default microphone, or which one and how, or one that is open already. Default false: only listens. One that is
   * opened here is closed with the client; one that was given stays yours.
   */
  microphone?: boolean | LocalMicrophoneOptions | LocalMicrophone;
}

/** Who joins, said in one of these ways. */
export type WhoJoins = Pick<JoinRoomOptions, 'name' | 'joinSecret' | 'token' | 'getToken' | 'credentials'>;

/**
 * @param guestOf makes the credentials of a name
 * @throws TypeError when it is not said who joins, or said twice
 */
export function credentialsOf(options: WhoJoins, guestOf = guestCredentials): ParleyClientOptions['credentials'] {
  const { name, joinSecret, token, getToken, credentials } = options;
  const given = [name, token, getToken, credentials].filter((each) => each !== undefined);
  if (given.length !== 1) throw new TypeError('exactly one of name, token, getToken and credentials has to be given');
  if (credentials !== undefined) return credentials;
  if (getToken !== undefined) return async () => ({ kind: 'token', token: await getToken() });
  if (token !== undefined) return { kind: 'token', token };
  return guestOf({ displayName: name ?? '', ...(joinSecret === undefined ? {} : { joinSecret }) });
}
