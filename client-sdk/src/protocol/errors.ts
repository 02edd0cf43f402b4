interface ErrorDefinition {
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
  BAD_REQUEST: { message: 'The request does not have the form that the protocol asks for.', retryable: false },
  UNKNOWN_EVENT: { message: 'The server does not know this request.', retryable: false },
  PROTOCOL_VERSION_UNSUPPORTED: {
    message: 'This client and this server speak different protocol versions. Reload the page or update the SDK.',
    retryable: false,
  },
  RATE_LIMITED: { message: 'Too many requests in a short time. Wait a moment.', retryable: true },
  INTERNAL: { message: 'The server failed at this request. Its log says why.', retryable: true },

  // Who may come in.
  UNAUTHENTICATED: { message: 'The server does not accept these credentials. Sign in again.', retryable: false },
  JOIN_SECRET_REQUIRED: {
    message: 'This server asks for the join secret that it printed when it started.',
    retryable: false,
  },
  IDENTITY_UNAVAILABLE: {
    message: 'The identity provider cannot be asked at the moment. Try again soon.',
    retryable: true,
  },
  TOKEN_EXPIRED: { message: 'Your sign-in has run out. Sign in again.', retryable: true },
  TOKEN_MISMATCH: {
    message: 'This token is of another person or another sign-in, or older than the present one.',
    retryable: false,
  },
  SIGNED_OUT: { message: 'You were signed out.', retryable: false },
  SESSION_TOO_LONG: { message: 'This connection has lasted as long as it may. Join again.', retryable: false },
  FORBIDDEN: { message: 'You may not do this here.', retryable: false },
  DUPLICATE_PARTICIPANT: {
    message: 'You joined this room from another window, so this one was closed.',
    retryable: false,
  },

  // Rooms.
  INVALID_ROOM_NAME: {
    message: 'A room name has 1 to 64 letters, digits, "-" or "_", and begins with a letter or a digit.',
    retryable: false,
  },
  INVALID_DISPLAY_NAME: {
    message: 'A name has 1 to 64 characters and no control characters.',
    retryable: false,
  },
  NOT_JOINED: { message: 'Join a room first.', retryable: false },
  ALREADY_JOINED: { message: 'This connection is in a room already. Leave it first.', retryable: false },
  JOIN_TIMEOUT: { message: 'The connection was closed because it did not join a room in time.', retryable: true },
  ROOM_FULL: { message: 'The room is full.', retryable: true },
  ROOM_LOCKED: { message: 'The room is locked. Ask a moderator to open it.', retryable: false },
  REMOVED: { message: 'A moderator removed you from the room.', retryable: false },
  MEETING_ENDED: { message: 'A moderator ended the meeting.', retryable: false },
  PARTICIPANT_NOT_FOUND: { message: 'There is nobody like that in the room.', retryable: false },
  TOO_MANY_ROOMS: { message: 'The server carries as many rooms as it may. Try again later.', retryable: true },
  SERVER_SHUTTING_DOWN: { message: 'The server is shutting down.', retryable: true },

  // Settings.
  INVALID_SETTINGS: {
    message: 'These settings cannot be taken. The details say which, and why.',
    retryable: false,
  },
  SETTINGS_FORBIDDEN: { message: 'Members may not change the settings of this room.', retryable: false },

  // Media.
  TRANSPORT_REQUIRED: {
    message: 'Create a transport of the right direction before producing or consuming.',
    retryable: false,
  },
  TRANSPORT_NOT_FOUND: { message: 'There is no such transport. It may have been closed.', retryable: false },
  TOO_MANY_TRANSPORTS: {
    message: 'One transport for sending and one for receiving is all there is.',
    retryable: false,
  },
  PRODUCER_NOT_FOUND: { message: 'There is no such producer. It may have been closed.', retryable: false },
  TOO_MANY_PRODUCERS: { message: 'This participant sends as many tracks as allowed.', retryable: false },
  CONSUMER_NOT_FOUND: { message: 'There is no such consumer. It may have been closed.', retryable: false },
  INVALID_RTP_PARAMETERS: {
    message: 'The media parameters are not usable: audio in Opus at 48 kHz is what this server takes.',
    retryable: false,
  },
  MEDIA_UNAVAILABLE: { message: 'The media part of the server is restarting.', retryable: true },

  // In the browser.
  MICROPHONE_DENIED: {
    message: 'The browser may not use the microphone. Allow it in the address bar and try again.',
    retryable: false,
  },
  MICROPHONE_NOT_FOUND: { message: 'No microphone was found. Plug one in and try again.', retryable: false },
  MICROPHONE_BUSY: { message: 'Another program holds the microphone. Close it and try again.', retryable: true },
  INSECURE_CONTEXT: {
    message: 'Browsers give the microphone to secure pages only. Open the https address.',
    retryable: false,
  },
  BROWSER_UNSUPPORTED: { message: 'This browser has no WebRTC that Parley can use.', retryable: false },
  CONNECTION_FAILED: { message: 'The server cannot be reached.', retryable: true },
  CONNECTION_LOST: { message: 'The connection was lost.', retryable: true },
  REQUEST_TIMEOUT: { message: 'The server did not answer in time.', retryable: true },
  CLIENT_CLOSED: { message: 'The client was closed.', retryable: false },
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

/** An error of the wire contract. Thrown by the SDK, and by the server on its way into an ack. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: ErrorDetails | undefined;

  constructor(
    code: ErrorCode,
    options: { message?: string; cause?: unknown; retryAfterMs?: number; details?: ErrorDetails } = {},
  ) {
    super(options.message ?? ERROR_REGISTRY[code].message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retryable = ERROR_REGISTRY[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  static fromWire(error: WireError): ParleyError {
    return new ParleyError(error.code, {
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
