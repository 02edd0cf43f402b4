/**
 * Default values, in one place. Delays are in milliseconds, shares and levels from 0 to 1. For the limits of the wire contract see
 * `LIMITS`.
 */
export const defaults = Object.freeze({
  /** Delay between reconnect attempts, in ms: doubled each time, randomized by half. */
  retryDelayMs: Object.freeze({ min: 500, max: 5_000 }),
  /** In ms: a client that has tried to reconnect for this long gives up. It is then `disconnected` with `connectionLost`. */
  reconnectTimeoutMs: 600_000,
  /** In ms: if a connection lasted longer than this before it was lost, the delays between attempts start short again. */
  stableConnectionMs: 10_000,

  /** Whether the others' audio is received and played. */
  playback: true,
  /** Volume of a participant, 0 to 1. */
  volume: 1,

  /** Processing of the microphone's sound by the browser before it is sent. */
  processing: Object.freeze({ echoCancellation: true, noiseSuppression: true, autoGainControl: true }),
  /** Whether muting releases the microphone (its light goes out; `unmute` opens it again). */
  stopOnMute: false,
  /** Whether the microphone is muted except between `press` and `release`. */
  pushToTalk: false,
  /** Whether to follow the system's default microphone if none was chosen. */
  followDefaultDevice: true,
  /**
   * A microphone whose device fails is reopened at most `max` times within `withinMs`; after that it is `lost`. A busy device is tried
   * again `retries` times, with delays in ms that double.
   */
  microphoneRecovery: Object.freeze({
    max: 5,
    withinMs: 10_000,
    retryDelayMs: Object.freeze({ min: 1_000, max: 15_000 }),
    retries: 8,
  }),
  /** When to report speech into a muted microphone: at this `level()` or above for `forMs`, and at most once in `everyMs`. Times in ms. */
  speakingWhileMuted: Object.freeze({ level: 0.45, forMs: 600, everyMs: 10_000, sampleEveryMs: 100 }),

  /** How long the last speaker stays an active speaker if nobody else speaks, in ms. */
  activeSpeakerHoldMs: 2_000,

  /** How many lines a `CaptionQueue` shows, how long it shows each at least, and how long without new text. In ms. */
  captions: Object.freeze({ lines: 3, minDisplayMs: 1_500, lingerMs: 6_000 }),

  /** Interval between measurements of the connections, in ms. */
  statsIntervalMs: 2_000,
  /** A speaker from whom nothing has arrived for this long, in ms, is `lost`. A silent microphone still sends two packets a second. */
  lostAfterMs: 6_000,
  /** A connection is `excellent` or `good` if all values are within these bounds, else `poor`. */
  connectionQuality: Object.freeze({
    excellent: Object.freeze({ lossShare: 0.02, jitterMs: 30, rttMs: 250 }),
    good: Object.freeze({ lossShare: 0.08, jitterMs: 80, rttMs: 600 }),
    /** For a better level than before, values must be below the bounds times this factor. Prevents flicker. */
    improvementFactor: 0.75,
  }),

  /**
   * In ms: how long the state 'disconnected' may last before ICE is restarted (it often passes by itself after some lost packets), and the
   * minimum time between two restarts.
   */
  iceGraceMs: 3_000,
  /** Network changes within this time, in ms, cause only one restart of ICE. */
  networkSettleMs: 500,
});
