/**
 * What an error is about, for code that does not handle every single code:
 * `connection`: there is no connection, or it ended; `authentication`: identity; `permission`: what a person is allowed to do; `limit`: too many
 * or too much of something; `media`: microphone, speaker, audio transport; `input`: the call was wrong; `server`: a problem of the server.
 */
export type ErrorReason = 'connection' | 'authentication' | 'permission' | 'limit' | 'media' | 'input' | 'server';

interface ErrorDefinition {
  readonly reason: ErrorReason;
  /** Default sentence for people. */
  readonly message: string;
  /**
   * Whether the same call may succeed later without anyone changing anything. The SDK then reconnects by itself, with fresh credentials where
   * `credentials` is a function; so no retryable error asks a person to do something first.
   */
  readonly retryable: boolean;
}

/**
 * Every error code that can reach a user of the SDK, from the server or from the browser. The list is closed: a new kind of failure needs a
 * new entry here and in `docs/errors.md` (a test compares the two).
 */
export const ERROR_REGISTRY = {
  // Invalid requests.
  BAD_REQUEST: {
    reason: 'input',
    message: 'The request does not conform to the protocol.',
    retryable: false,
  },
  UNKNOWN_EVENT: { reason: 'input', message: 'The server does not know this request.', retryable: false },
  PROTOCOL_VERSION_UNSUPPORTED: {
    reason: 'connection',
    message: 'This client and this server use different protocol versions. Reload the page or update the SDK.',
    retryable: false,
  },
  RATE_LIMITED: { reason: 'limit', message: 'Too many requests in a short time. Wait a moment.', retryable: true },
  INTERNAL: {
    reason: 'server',
    message: 'The request failed because of a server error. See the server log.',
    retryable: true,
  },

  // Identity and access.
  UNAUTHENTICATED: {
    reason: 'authentication',
    message: 'The server does not accept these credentials. Sign in again.',
    retryable: false,
  },
  JOIN_SECRET_REQUIRED: {
    reason: 'authentication',
    message: 'Enter the join secret that the server printed when it started.',
    retryable: false,
  },
  IDENTITY_UNAVAILABLE: {
    reason: 'authentication',
    message: 'The identity provider cannot be reached at the moment. Try again soon.',
    retryable: true,
  },
  TOKEN_EXPIRED: {
    reason: 'authentication',
    message: 'The access token has expired. A new token is needed to reconnect.',
    retryable: true,
  },
  TOKEN_MISMATCH: {
    reason: 'authentication',
    message: 'This token belongs to another person or sign-in, or is older than the current one.',
    retryable: false,
  },
  SIGNED_OUT: { reason: 'authentication', message: 'You were signed out.', retryable: false },
  SESSION_TOO_LONG: {
    reason: 'authentication',
    message: 'This connection has reached its maximum duration. Join again.',
    retryable: false,
  },
  FORBIDDEN: { reason: 'permission', message: 'You are not allowed to do this here.', retryable: false },
  DUPLICATE_PARTICIPANT: {
    reason: 'connection',
    message: 'You joined this room in another window, so this one was disconnected.',
    retryable: false,
  },

  // Rooms.
  INVALID_ROOM_NAME: {
    reason: 'input',
    message: 'A room name must have 1 to 64 letters, digits, "-" or "_" and start with a letter or digit.',
    retryable: false,
  },
  INVALID_DISPLAY_NAME: {
    reason: 'input',
    message: 'A name must have 1 to 64 characters, at least one that can be seen, and no control characters.',
    retryable: false,
  },
  NOT_JOINED: { reason: 'input', message: 'Join a room first.', retryable: false },
  ALREADY_JOINED: {
    reason: 'input',
    message: 'This connection is already in a room. Leave it first.',
    retryable: false,
  },
  JOIN_TIMEOUT: {
    reason: 'connection',
    message: 'The connection was closed because it did not join a room in time.',
    retryable: true,
  },
  ROOM_FULL: { reason: 'limit', message: 'The room is full.', retryable: true },
  ROOM_LOCKED: { reason: 'permission', message: 'The room is locked. Ask a moderator to unlock it.', retryable: false },
  ADMISSION_REQUIRED: {
    reason: 'permission',
    message: 'A moderator has to admit you to this room.',
    retryable: false,
  },
  ADMISSION_REFUSED: { reason: 'permission', message: 'A moderator did not admit you to the room.', retryable: false },
  ROOM_SECRET_REQUIRED: {
    reason: 'permission',
    message: 'This meeting has a new secret. Ask a moderator for a new invitation.',
    retryable: false,
  },
  MODERATOR_KEY_INVALID: {
    reason: 'permission',
    message: 'This moderator key belongs to another meeting, or was revoked. Join without it.',
    retryable: false,
  },
  WAITING_ROOM_FULL: {
    reason: 'limit',
    message: 'Too many people are waiting to be admitted. Try again later.',
    retryable: false,
  },
  REMOVED: { reason: 'permission', message: 'A moderator removed you from the room.', retryable: false },
  MUTED_BY_MODERATOR: {
    reason: 'permission',
    message: 'A moderator muted you. Ask to speak; you can unmute when a moderator allows it.',
    retryable: false,
  },
  CONSENT_OUTDATED: {
    reason: 'input',
    message: 'The wording of the consent has changed. Read the new one and consent again.',
    retryable: false,
  },
  FLOODING: {
    reason: 'limit',
    message: 'The server removed you from the room because this device sent far more data than a microphone does.',
    retryable: false,
  },
  MEETING_ENDED: { reason: 'connection', message: 'A moderator ended the meeting.', retryable: false },
  PARTICIPANT_NOT_FOUND: { reason: 'input', message: 'That participant is not in this room.', retryable: false },
  TOO_MANY_ROOMS: {
    reason: 'limit',
    message: 'The server has reached its maximum number of rooms. Try again later.',
    retryable: true,
  },
  TOO_MANY_OPEN_ROOMS: {
    reason: 'limit',
    message:
      'You, or people at your address, have opened too many rooms. Join one of these, or wait until one that everybody left has ended.',
    retryable: true,
  },
  ROOM_NOT_LISTED: {
    reason: 'permission',
    message: 'This server has no room of this name. Check the name, or ask the administrator for the room.',
    retryable: false,
  },
  SERVER_OVERLOADED: {
    reason: 'limit',
    message: 'The server is overloaded and accepts no new rooms at the moment. Try again later.',
    retryable: true,
  },
  ROOM_NOT_FOUND: { reason: 'input', message: 'There is no meeting in this room at the moment.', retryable: false },
  SERVER_SHUTTING_DOWN: { reason: 'server', message: 'The server is shutting down.', retryable: true },
  SLOW_CONSUMER: {
    reason: 'connection',
    message: 'This connection was too slow and was closed. What it missed follows after reconnecting.',
    retryable: true,
  },

  // Settings.
  INVALID_SETTINGS: {
    reason: 'input',
    message: 'Some settings are invalid. The details list them.',
    retryable: false,
  },
  SETTINGS_FORBIDDEN: {
    reason: 'permission',
    message: 'Only moderators may change the settings of this room.',
    retryable: false,
  },

  // Media.
  TRANSPORT_REQUIRED: {
    reason: 'media',
    message: 'Create a transport for this direction before producing or consuming.',
    retryable: false,
  },
  TRANSPORT_NOT_FOUND: {
    reason: 'media',
    message: 'This transport does not exist. It may have been closed.',
    retryable: false,
  },
  TOO_MANY_TRANSPORTS: {
    reason: 'limit',
    message: 'Only one transport for sending and one for receiving are allowed.',
    retryable: false,
  },
  PRODUCER_NOT_FOUND: {
    reason: 'media',
    message: 'This producer does not exist. It may have been closed.',
    retryable: false,
  },
  TOO_MANY_PRODUCERS: {
    reason: 'limit',
    message: 'This participant already sends the maximum number of tracks.',
    retryable: false,
  },
  CONSUMER_NOT_FOUND: {
    reason: 'media',
    message: 'This consumer does not exist. It may have been closed.',
    retryable: false,
  },
  INVALID_RTP_PARAMETERS: {
    reason: 'media',
    message: 'These media parameters are not supported. The server expects Opus audio at 48 kHz.',
    retryable: false,
  },
  MEDIA_UNAVAILABLE: { reason: 'media', message: 'The media service of the server is restarting.', retryable: true },

  // In the browser.
  MICROPHONE_DENIED: {
    reason: 'media',
    message: 'Microphone access is blocked. Allow it in the address bar and try again.',
    retryable: false,
  },
  MICROPHONE_NOT_FOUND: {
    reason: 'media',
    message: 'No microphone was found. Plug one in and try again.',
    retryable: false,
  },
  MICROPHONE_BUSY: {
    reason: 'media',
    message: 'Another program is using the microphone. Close it and try again.',
    retryable: true,
  },
  INSECURE_CONTEXT: {
    reason: 'media',
    message: 'Browsers allow the microphone on secure pages only. Open the https address.',
    retryable: false,
  },
  OUTPUT_DEVICE_NOT_FOUND: {
    reason: 'media',
    message: 'This speaker was not found. Plug it in or choose another one.',
    retryable: false,
  },
  OUTPUT_DEVICE_UNSUPPORTED: {
    reason: 'media',
    message: 'This browser always uses the system speaker. Choose it in the system settings.',
    retryable: false,
  },
  BROWSER_UNSUPPORTED: {
    reason: 'media',
    message: 'This browser does not support the WebRTC features that Parley needs.',
    retryable: false,
  },
  CONNECTION_FAILED: { reason: 'connection', message: 'The server cannot be reached.', retryable: true },
  WEBSOCKET_BLOCKED: {
    reason: 'connection',
    message:
      'The server answers, but no WebSocket can be opened. A proxy in between may not pass WebSockets on, or too many connections are open here.',
    retryable: true,
  },
  NOT_A_PARLEY_SERVER: {
    reason: 'connection',
    message:
      'Something other than a Parley server answers at this address. Check the address, the path, and the proxy in between.',
    retryable: false,
  },
  CONNECTION_LOST: { reason: 'connection', message: 'The connection was lost.', retryable: true },
  REQUEST_TIMEOUT: { reason: 'connection', message: 'The server did not answer in time.', retryable: true },
  CLIENT_CLOSED: { reason: 'connection', message: 'The client was closed.', retryable: false },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERROR_REGISTRY;

/** What is wrong with one setting. Never contains the value. */
export interface SettingProblem {
  setting: string;
  /** A clause, e.g. `Too big: expected number to be <=8`. */
  problem: string;
}

/** Details beyond the message. */
export interface ErrorDetails {
  /** With `INVALID_SETTINGS`. */
  settings?: SettingProblem[];
}

/** An error as sent over the wire. */
export interface WireError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  retryAfterMs?: number;
  details?: ErrorDetails;
}

export interface ParleyErrorOptions {
  /** Default: the registry's sentence. */
  message?: string;
  cause?: unknown;
  retryAfterMs?: number;
  details?: ErrorDetails;
}

/**
 * An error of the wire contract. Thrown by the SDK, and by the server to answer a request. The SDK throws the subclass that matches the
 * error's reason, e.g. `MediaError`.
 */
export class ParleyError extends Error {
  override readonly name: string = 'ParleyError';
  readonly code: ErrorCode;
  readonly reason: ErrorReason;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, options: ParleyErrorOptions = {}) {
    const { reason, message, retryable } = ERROR_REGISTRY[code];
    super(options.message ?? message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.reason = reason;
    this.retryable = retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  /** Creates the subclass that matches the error's reason. */
  static fromWire(error: WireError): ParleyError {
    return errorOf(error.code, {
      message: error.message,
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
      ...(error.details === undefined ? {} : { details: error.details }),
    });
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

/** There is no connection, or it ended. */
export class ConnectionError extends ParleyError {
  override readonly name = 'ConnectionError';
}

/** Authentication failed or is no longer valid. */
export class AuthenticationError extends ParleyError {
  override readonly name = 'AuthenticationError';
}

/** The person is not allowed to do this, or no longer. */
export class PermissionError extends ParleyError {
  override readonly name = 'PermissionError';
}

/** A limit was reached: people, rooms, tracks, requests. */
export class LimitError extends ParleyError {
  override readonly name = 'LimitError';
}

/** Microphone, speaker or audio transport failed. */
export class MediaError extends ParleyError {
  override readonly name = 'MediaError';
}

/** The call was wrong, or made at the wrong time. */
export class InputError extends ParleyError {
  override readonly name = 'InputError';
}

/** The server has a problem. */
export class ServerError extends ParleyError {
  override readonly name = 'ServerError';
}

const CLASSES = {
  connection: ConnectionError,
  authentication: AuthenticationError,
  permission: PermissionError,
  limit: LimitError,
  media: MediaError,
  input: InputError,
  server: ServerError,
} satisfies Record<ErrorReason, typeof ParleyError>;

/**
 * Creates the error for a code, as the subclass that matches its reason.
 *
 * @example
 * try {
 *   await LocalMicrophone.create();
 * } catch (error) {
 *   if (error instanceof MediaError) askForAnotherMicrophone(error.message);
 * }
 */
export function errorOf(code: ErrorCode, options: ParleyErrorOptions = {}): ParleyError {
  return new CLASSES[ERROR_REGISTRY[code].reason](code, options);
}
