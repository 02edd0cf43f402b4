import { ParleyError } from '@parley/client-sdk/protocol';
import { DEFAULT_LOAD_LIMITS, type LoadLevel } from '@parley/media/node';

/** Interims have stopped and finals still wait: another room would delay all of them. */
const NO_NEW_ROOMS: LoadLevel = 4;
/** The level stays for at least this time after the last excessive wait. */
const RETRY_AFTER_MS = DEFAULT_LOAD_LIMITS.calmForMs;

/**
 * Why no new room can be opened; undefined if it can. Running meetings continue and can be joined. Refused clients get different delays (10
 * to 20 s), so that they do not return all at once.
 * @param options.random default `Math.random`
 */
export function overloadOf(options: { load: LoadLevel; random?: () => number }): ParleyError | undefined {
  const { load, random = Math.random } = options;
  if (load < NO_NEW_ROOMS) return undefined;
  return new ParleyError('SERVER_OVERLOADED', { retryAfterMs: Math.round(RETRY_AFTER_MS * (1 + random())) });
}
