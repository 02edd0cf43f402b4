/** Limits of the wire contract. Both sides check them, and no setting can raise them. */
export const LIMITS = {
  /** Characters in a room name. */
  roomNameLength: 64,
  /** UTF-16 units in a display name, after NFC. */
  displayNameLength: 64,
  /** Characters in the subject of a guest. */
  subjectLength: { min: 16, max: 128 },
  /** Characters in an access token. */
  tokenLength: 8_192,
  /** Characters in a join secret. */
  joinSecretLength: 128,
  /** Characters of a moderator key and of a room secret. */
  roomKeyLength: 128,
  /** Settings in one change. */
  settingsPerChange: 64,
  /** Setting changes that one connection may make at once, and on average within `settingsChangeWindowMs`. */
  settingsChanges: 10,
  settingsChangeWindowMs: 10_000,
  /** Characters of a consent wording's version, and of its text. */
  consentVersionLength: 64,
  consentTextLength: 4_000,
  /** Segments in one answer to `resumeTranscript`. */
  transcriptPageSize: 500,
  /** Bytes of these segments in total; a single larger segment is still sent. */
  transcriptPageBytes: 500_000,
  /** Bytes in one message from a client. */
  messageBytes: 131_072,
  /** How long a request waits for its ack. */
  requestTimeoutMs: 10_000,
  /** Participants who wait to be admitted to one room. */
  waiting: 50,
  /** A connection that has not joined within this time is closed. */
  joinTimeoutMs: 10_000,
} as const;

/** Room names must be easy to type into an address: letters, digits, `-` and `_`. */
export const ROOM_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
