/** Sample rate of every request. */
export const SAMPLE_RATE = 16_000;

/** Longest audio of one request: Whisper's window. */
export const MAX_REQUEST_SAMPLES = 30 * SAMPLE_RATE;

/** Most tokens of a draft: half of Whisper's text window. */
export const MAX_DRAFT_TOKENS = 224;

/** Vocabularies end below it. */
export const MAX_TOKEN_ID = 60_000;

/** Why an interim is refused that no engine makes. */
export const NO_INTERIM_RESULTS = 'the recogniser makes no interim results';
