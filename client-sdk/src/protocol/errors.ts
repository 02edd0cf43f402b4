/**
 * What an error is about, for those who need not know every code:
 * `connection`: no connection, or one that ended; `authentication`: who one is; `permission`: what one may do; `limit`: too much of something;
 * `media`: microphone, loudspeaker, audio transport; `input`: the call was not right; `server`: the server's own trouble.
 */
export type ErrorReason = 'connection' | 'authentication' | 'permission' | 'limit' | 'media' | 'input' | 'server';

interface ErrorDefinition {
  readonly reason: ErrorReason;
  /** The sentence a person reads when the place of the error has nothing better to say. */
  readonly message: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

/**
 * Every error code that can reach a user of the SDK, from the server or from the browser. Closed: a new failure gets a new
 * line here and in `docs/errors.md` (a test holds the two equal).
 */
export const ERROR_REGISTRY = {
  // Requests that cannot be served as they are.
  BAD_REQUEST: {
    reason: 'input',
    message: 'The request does not have the form that the protocol asks for.',
    retryable: false,
  },
  UNKNOWN_EVENT: { reason: 'input', message: 'The server does not know this request.', retryable: false },
  PROTOCOL_VERSION_UNSUPPORTED: {
    reason: 'connection',
    message: 'This client and this server speak different protocol versions. Reload the page or update the SDK.',
    retryable: false,
  },
  RATE_LIMITED: { reason: 'limit', message: 'Too many requests in a short time. Wait a moment.', retryable: true },
  INTERNAL: { reason: 'server', message: 'The server failed at this request. Its log says why.', retryable: true },

  // Who may come in.
  UNAUTHENTICATED: {
    reason: 'authentication',
    message: 'The server does not accept these credentials. Sign in again.',
    retryable: false,
  },
  JOIN_SECRET_REQUIRED: {
    reason: 'authentication',
    message: 'This server asks for the join secret that it printed when it started.',
    retryable: false,
  },
  IDENTITY_UNAVAILABLE: {
    reason: 'authentication',
    message: 'The identity provider cannot be asked at the moment. Try again soon.',
    retryable: true,
  },
  TOKEN_EXPIRED: { reason: 'authentication', message: 'Your sign-in has run out. Sign in again.', retryable: true },
  TOKEN_MISMATCH: {
    reason: 'authentication',
    message: 'This token is of another person or another sign-in, or older than the present one.',
    retryable: false,
  },
  SIGNED_OUT: { reason: 'authentication', message: 'You were signed out.', retryable: false },
  SESSION_TOO_LONG: {
    reason: 'authentication',
    message: 'This connection has lasted as long as it may. Join again.',
    retryable: false,
  },
  FORBIDDEN: { reason: 'permission', message: 'You may not do this here.', retryable: false },
  DUPLICATE_PARTICIPANT: {
    reason: 'connection',
    message: 'You joined this room from another window, so this one was closed.',
    retryable: false,
  },

  // Rooms.
  INVALID_ROOM_NAME: {
    reason: 'input',
    message: 'A room name has 1 to 64 letters, digits, "-" or "_", and begins with a letter or a digit.',
    retryable: false,
  },
  INVALID_DISPLAY_NAME: {
    reason: 'input',
    message: 'A name has 1 to 64 characters and no control characters.',
    retryable: false,
  },
  NOT_JOINED: { reason: 'input', message: 'Join a room first.', retryable: false },
  ALREADY_JOINED: {
    reason: 'input',
    message: 'This connection is in a room already. Leave it first.',
    retryable: false,
  },
  JOIN_TIMEOUT: {
    reason: 'connection',
    message: 'The connection was closed because it did not join a room in time.',
    retryable: true,
  },
  ROOM_FULL: { reason: 'limit', message: 'The room is full.', retryable: true },
  ROOM_LOCKED: { reason: 'permission', message: 'The room is locked. Ask a moderator to open it.', retryable: false },
  REMOVED: { reason: 'permission', message: 'A moderator removed you from the room.', retryable: false },
  MEETING_ENDED: { reason: 'connection', message: 'A moderator ended the meeting.', retryable: false },
  PARTICIPANT_NOT_FOUND: { reason: 'input', message: 'There is nobody like that in the room.', retryable: false },
  TOO_MANY_ROOMS: {
    reason: 'limit',
    message: 'The server carries as many rooms as it may. Try again later.',
    retryable: true,
  },
  SERVER_OVERLOADED: {
    reason: 'limit',
    message: 'The server has more to transcribe than it can and takes no new room at the moment. Try again later.',
    retryable: true,
  },
  ROOM_NOT_FOUND: { reason: 'input', message: 'There is no meeting in this room at the moment.', retryable: false },
  SERVER_SHUTTING_DOWN: { reason: 'server', message: 'The server is shutting down.', retryable: true },
  SLOW_CONSUMER: {
    reason: 'connection',
    message: 'This connection took in less than was said and was closed. What it missed comes with the next one.',
    retryable: true,
  },

  // Settings.
  INVALID_SETTINGS: {
    reason: 'input',
    message: 'These settings cannot be taken. The details say which, and why.',
    retryable: false,
  },
  SETTINGS_FORBIDDEN: {
    reason: 'permission',
    message: 'Members may not change the settings of this room.',
    retryable: false,
  },

  // Media.
  TRANSPORT_REQUIRED: {
    reason: 'media',
    message: 'Create a transport of the right direction before producing or consuming.',
    retryable: false,
  },
  TRANSPORT_NOT_FOUND: {
    reason: 'media',
    message: 'There is no such transport. It may have been closed.',
    retryable: false,
  },
  TOO_MANY_TRANSPORTS: {
    reason: 'limit',
    message: 'One transport for sending and one for receiving is all there is.',
    retryable: false,
  },
  PRODUCER_NOT_FOUND: {
    reason: 'media',
    message: 'There is no such producer. It may have been closed.',
    retryable: false,
  },
  TOO_MANY_PRODUCERS: {
    reason: 'limit',
    message: 'This participant sends as many tracks as allowed.',
    retryable: false,
  },
  CONSUMER_NOT_FOUND: {
    reason: 'media',
    message: 'There is no such consumer. It may have been closed.',
    retryable: false,
  },
  INVALID_RTP_PARAMETERS: {
    reason: 'media',
    message: 'The media parameters are not usable: audio in Opus at 48 kHz is what this server takes.',
    retryable: false,
  },
  MEDIA_UNAVAILABLE: { reason: 'media', message: 'The media part of the server is restarting.', retryable: true },

  // In the browser.
  MICROPHONE_DENIED: {
    reason: 'media',
    message: 'The browser may not use the microphone. Allow it in the address bar and try again.',
    retryable: false,
  },
  MICROPHONE_NOT_FOUND: {
    reason: 'media',
    message: 'No microphone was found. Plug one in and try again.',
    retryable: false,
  },
  MICROPHONE_BUSY: {
    reason: 'media',
    message: 'Another program holds the microphone. Close it and try again.',
    retryable: true,
  },
  INSECURE_CONTEXT: {
    reason: 'media',
    message: 'Browsers give the microphone to secure pages only. Open the https address.',
    retryable: false,
  },
  OUTPUT_DEVICE_NOT_FOUND: {
    reason: 'media',
    message: 'This loudspeaker was not found. Plug it in, or choose another one.',
    retryable: false,
  },
  OUTPUT_DEVICE_UNSUPPORTED: {
    reason: 'media',
    message: 'This browser plays on the loudspeaker of the system alone. Choose it there.',
    retryable: false,
  },
  BROWSER_UNSUPPORTED: {
    reason: 'media',
    message: 'This browser has no WebRTC that Parley can use.',
    retryable: false,
  },
  CONNECTION_FAILED: { reason: 'connection', message: 'The server cannot be reached.', retryable: true },
  CONNECTION_LOST: { reason: 'connection', message: 'The connection was lost.', retryable: true },
  REQUEST_TIMEOUT: { reason: 'connection', message: 'The server did not answer in time.', retryable: true },
  CLIENT_CLOSED: { reason: 'connection', message: 'The client was closed.', retryable: false },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERROR_REGISTRY;

/** What is wrong with one setting; its value is never said. */
export interface SettingProblem {
  setting: string;
  /** A clause, e.g. `Too big: expected number to be <=8`. */
  problem: string;
}

/** More than the message says, where there is more. */
export interface ErrorDetails {
  /** With `INVALID_SETTINGS`. */
  settings?: SettingProblem[];
}

/** An error as it travels. */
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
 * An error of the wire contract. Thrown by the SDK, and by the server on its way into an ack. What the SDK throws is of the class of
 * its reason, e.g. a `MediaError`.
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

  /** Of the class of its reason. */
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

/** Who one is could not be shown, or holds no longer. */
export class AuthenticationError extends ParleyError {
  override readonly name = 'AuthenticationError';
}

/** One may not do this, or not any more. */
export class PermissionError extends ParleyError {
  override readonly name = 'PermissionError';
}

/** There is too much of something: people, rooms, tracks, requests. */
export class LimitError extends ParleyError {
  override readonly name = 'LimitError';
}

/** Microphone, loudspeaker or the transport of audio. */
export class MediaError extends ParleyError {
  override readonly name = 'MediaError';
}

/** The call was not right as it was, or not at this moment. */
export class InputError extends ParleyError {
  override readonly name = 'InputError';
}

/** The server has trouble of its own. */
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
 * The error with this code, of the class of its reason.
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
