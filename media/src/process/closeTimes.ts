/**
 * How long each step of an end may take, in milliseconds, from the inside out: whoever waits for something waits longer than that may take.
 * docs/lifetimes.md says who waits for whom; a test holds these numbers to it.
 */
export const CLOSE_TIMES = {
  /** What was said before somebody muted or left is in the network for so long at most. */
  inFlightMs: 250,
  /** A final may wait so long for an answer, e.g. while the ASR process restarts, before it becomes a gap. */
  finalMs: 60_000,
  /** Until a media worker has made text or gaps of everything that was said in a room that closes. */
  drainRoomMs: 70_000,
  /** A store that has not answered by then has not taken the segment, as far as anybody can wait. */
  appendMs: 5_000,
  /** A store may take so long to note that a meeting is over. */
  meetingEndMs: 2_000,
  /** Who is in a meeting that ends is told its last words if they are text by then. */
  lastTextMs: 2_000,
  /** A shutdown waits so long for all rooms. What is no text by then becomes a gap when the child processes end. */
  shutdownDrainMs: 15_000,
  /** Longest that a client may take to answer the end of its WebSocket. */
  socketMs: 1_000,
  /** From the wish that a child process ends to SIGKILL. Media workers end first, the ASR process after them. */
  childMs: 5_000,
  /** After the child processes, so long for the gaps of what they had not answered to reach the store. */
  lastGapsMs: 3_000,
  /** From the first signal to the end of the server process, whatever still runs. */
  shutdownMs: 30_000,
  /** The same while it still starts: for parts of models, and locks. */
  startAbortedMs: 2_000,
  /** A child process that has lost its parent is gone after this time. */
  orphanMs: 2_000,
} as const;
