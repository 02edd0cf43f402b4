/**
 * What holds unless told otherwise, in one place: delays in milliseconds, shares and levels from 0 to 1. Bounds of the wire contract
 * are `LIMITS`.
 */
export const defaults = Object.freeze({
  /** Between attempts to come back after a loss, in ms: doubled each time, scattered by half. */
  retryDelayMs: Object.freeze({ min: 500, max: 5_000 }),
  /** A client that has tried to come back for so long, in ms, gives up: it is `disconnected` by `connectionLost`. */
  reconnectTimeoutMs: 600_000,
  /** A connection that has lasted so long, in ms, was a good one: after its loss, delays begin short again. */
  stableConnectionMs: 10_000,

  /** Whether the others' audio is received and played. */
  playback: true,
  /** How loud a participant is played, 0 to 1. */
  volume: 1,

  /** What the browser does to the microphone's sound before it is sent. */
  processing: Object.freeze({ echoCancellation: true, noiseSuppression: true, autoGainControl: true }),
  /** Whether a muted microphone is given back to the system (its light goes out; `unmute` opens it again). */
  stopOnMute: false,
  /** Whether the microphone is heard only while `press` holds. */
  pushToTalk: false,
  /** Whether the microphone changes with the system's default one, where none was chosen. */
  followDefaultDevice: true,
  /**
   * A microphone whose device ends is opened again at most `max` times within `withinMs`; more often, it is `lost`. One that is busy is
   * tried again `retries` times, after delays in ms that double.
   */
  microphoneRecovery: Object.freeze({
    max: 5,
    withinMs: 10_000,
    retryDelayMs: Object.freeze({ min: 1_000, max: 15_000 }),
    retries: 8,
  }),
  /** Speech into a muted microphone: at this `level()` for so long, in ms, told at most once in `everyMs`. */
  speakingWhileMuted: Object.freeze({ level: 0.45, forMs: 600, everyMs: 10_000, sampleEveryMs: 100 }),

  /** How long the last one who spoke stays an active speaker, in ms, when nobody follows. */
  activeSpeakerHoldMs: 2_000,

  /** What a `CaptionQueue` shows: how many lines, each for so long at least, and for so long without anything new, in ms. */
  captions: Object.freeze({ lines: 3, minDisplayMs: 1_500, lingerMs: 6_000 }),

  /** How often connections are measured, in ms. */
  statsIntervalMs: 2_000,
  /** A speaker of whom nothing at all has arrived for so long, in ms, is `lost`. A silent microphone still sends two packets a second. */
  lostAfterMs: 6_000,
  /** Up to these values, all of them, a connection is `excellent` or `good`; above, `poor`. */
  connectionQuality: Object.freeze({
    excellent: Object.freeze({ lossShare: 0.02, jitterMs: 30, rttMs: 250 }),
    good: Object.freeze({ lossShare: 0.08, jitterMs: 80, rttMs: 600 }),
    /** To count as better than before, values must be below the bounds by this factor: levels do not flicker. */
    improvementFactor: 0.75,
  }),

  /**
   * In ms: how long 'disconnected' may take to pass by itself, as it does when a few packets were lost, and a restart of ICE to show
   * its effect before there is another one.
   */
  iceGraceMs: 3_000,
  /** Changes of the network within so long, in ms, are answered by one restart of ICE. */
  networkSettleMs: 500,
});
