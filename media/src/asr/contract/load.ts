/**
 * How much of the demand a device cannot meet: 0 = it meets all, 1 and 2 = interims come less often, and much less often, 3 = no interims,
 * 4 = finals wait as well, and no further rooms are taken.
 */
export type LoadLevel = 0 | 1 | 2 | 3 | 4;

/** From this level on, no interims are made. */
export const NO_INTERIMS: LoadLevel = 3;

/**
 * Why: finals wait; so many people speak that interims have to be further apart; an interim takes longer than it is worth; or none of this
 * any more.
 */
export type LoadReason = 'finalsWait' | 'manySpeak' | 'slowModel' | 'recovered';

export interface Load {
  level: LoadLevel;
  reason: LoadReason;
  interimIntervalMs: InterimPace;
}

/** How far apart one speaker's interims should be, milliseconds; 0 = as often as wanted, null = none. */
export type InterimPace = number | null;

/** An interim that takes longer, with all cores, shows words that everyone heard long ago: none is requested. */
export const TOO_SLOW_FOR_INTERIMS_MS = 1_500;

/** When a device counts as busy, and when as calm again. All in milliseconds. */
export interface LoadLimits {
  /** A final waits longer than this, and than `finalCosts` finals take ... */
  finalMs: number;
  finalCosts: number;
  /** Interims of one speaker are further apart than this: level 1 (`seldom`), level 2 (`verySeldom`). */
  intervalMs: { seldom: number; verySeldom: number };
  /** ... for this long: up. */
  busyForMs: number;
  /** Below that by a margin for this long: down by one level ... */
  calmForMs: number;
  /** ... and by another one each time this has passed. */
  calmAgainForMs: number;
}

export const DEFAULT_LOAD_LIMITS: LoadLimits = {
  finalMs: 1_000,
  finalCosts: 3,
  intervalMs: { seldom: 1_000, verySeldom: 3_000 },
  busyForMs: 3_000,
  calmForMs: 10_000,
  calmAgainForMs: 3_000,
};
