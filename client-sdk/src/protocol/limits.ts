/** Bounds of the wire contract. They are part of it: both sides check them, and no setting widens them. */
export const LIMITS = {
  /** Characters of a room name. */
  roomNameLength: 64,
  /** UTF-16 units of a display name, after NFC. */
  displayNameLength: 64,
  /** Characters of a subject that a client without a token brings. */
  subjectLength: { min: 16, max: 128 },
  /** Characters of an access token. */
  tokenLength: 8_192,
  /** Characters of a join secret. */
  joinSecretLength: 128,
  /** Characters of a moderator key and of a room secret. */
  roomKeyLength: 128,
  /** Settings in one change. */
  settingsPerChange: 64,
  /** Changes of settings by one connection at once, and in the long run within `settingsChangeWindowMs`. */
  settingsChanges: 10,
  settingsChangeWindowMs: 10_000,
  /** Segments in one answer to `resumeTranscript`. */
  transcriptPageSize: 500,
  /** Bytes of these segments together, unless a single one has more. */
  transcriptPageBytes: 500_000,
  /** Bytes of one message from a client. */
  messageBytes: 131_072,
  /** Time that a request waits for its ack. */
  requestTimeoutMs: 10_000,
  /** Participants who wait to be admitted to one room. */
  waiting: 50,
  /** A connection that has not joined by then is closed. */
  joinTimeoutMs: 10_000,
} as const;

/** Room names are what people type into an address: letters, digits, `-` and `_`. */
export const ROOM_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
