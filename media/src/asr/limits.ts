/** Sample rate of every request. */
export const SAMPLE_RATE = 16_000;

/** Longest audio of one request: Whisper's window. */
export const MAX_REQUEST_SAMPLES = 30 * SAMPLE_RATE;
