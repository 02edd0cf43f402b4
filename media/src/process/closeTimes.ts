/**
 * Time limits of each step of a shutdown, in milliseconds, from the inside out: each waits longer than the steps inside it may take.
 * docs/lifetimes.md says what waits for what; a test compares it with these numbers.
 */
export const CLOSE_TIMES = {
  /** The last words before a mute or a leave are in the network for at most this long. */
  inFlightMs: 250,
  /** A final may wait this long for an answer, e.g. while the ASR process restarts, before it becomes a gap. */
  finalMs: 60_000,
  /** Until a media worker has turned all speech of a closing room into text or gaps. */
  drainRoomMs: 70_000,
  /** An append without an answer by then counts as failed. */
  appendMs: 5_000,
  /** A store may take this long to record the end of a meeting. */
  meetingEndMs: 2_000,
  /** Participants of an ending meeting still get the last words if they are text by then. */
  lastTextMs: 2_000,
  /** A shutdown waits this long for all rooms. Speech that is not text by then becomes a gap when the child processes end. */
  shutdownDrainMs: 15_000,
  /** Longest that a client may take to answer the close of its WebSocket. */
  socketMs: 1_000,
  /** From the request to a child process to end to SIGKILL. Media workers end first, then the ASR process. */
  childMs: 5_000,
  /** After the child processes have ended: for the gaps of unanswered speech to reach the store. */
  lastGapsMs: 3_000,
  /** From the first signal to the end of the server process, whatever is still running. */
  shutdownMs: 30_000,
  /** The same during the start: for partial models, and locks. */
  startAbortedMs: 2_000,
  /** A child process that has lost its parent is gone after this time. */
  orphanMs: 2_000,
} as const;
