import { ParleyError } from '@parley/client-sdk/protocol';
import { DEFAULT_LOAD_LIMITS, type LoadLevel } from '@parley/media/node';

/** No interims are made any more, and finals still wait: another room would make all of them wait longer. */
const NO_NEW_ROOMS: LoadLevel = 4;
/** No level goes down sooner than this after the last wait that was too long. */
const RETRY_AFTER_MS = DEFAULT_LOAD_LIMITS.calmForMs;

/**
 * Why no new room is taken; undefined where one is. Meetings that are on go on, and whoever belongs to one comes in. Those who are
 * refused are told to come back at different times (10 to 20 s), else they would be the next peak.
 * @param options.random default `Math.random`
 */
export function overloadOf(options: { load: LoadLevel; random?: () => number }): ParleyError | undefined {
  const { load, random = Math.random } = options;
  if (load < NO_NEW_ROOMS) return undefined;
  return new ParleyError('SERVER_OVERLOADED', { retryAfterMs: Math.round(RETRY_AFTER_MS * (1 + random())) });
}
