/**
 * What a device cannot give of what is asked: 0 = nothing, 1 and 2 = interims come less often, and much less often, 3 = no interims,
 * 4 = finals wait as well, and no further room is taken.
 */
export type LoadLevel = 0 | 1 | 2 | 3 | 4;

/** From this level on no interims are taken. */
export const NO_INTERIMS: LoadLevel = 3;

/**
 * Why: finals wait; so many speak that interims have to be further apart; an interim takes longer than it is worth; or nothing of
 * it is so any more.
 */
export type LoadReason = 'finalsWait' | 'manySpeak' | 'slowModel' | 'recovered';

export interface Load {
  level: LoadLevel;
  reason: LoadReason;
  interimIntervalMs: InterimPace;
}

/** How far apart the interims of one speaker are worth asking for, milliseconds; 0 = as often as one likes, null = not at all. */
export type InterimPace = number | null;

/** An interim that takes longer, with all cores, tells what everybody has heard long ago: none is asked for. */
export const TOO_SLOW_FOR_INTERIMS_MS = 1_500;

/** When a device counts as busy, and when as calm again. All in milliseconds. */
export interface LoadLimits {
  /** A final waits longer than this, and than `finalCosts` finals take ... */
  finalMs: number;
  finalCosts: number;
  /** Interims of one speaker are further apart than this: level 1, and than this: level 2. */
  intervalMs: { seldom: number; verySeldom: number };
  /** ... for so long: up. */
  busyForMs: number;
  /** It is so no more, with something to spare, for so long: down, one level ... */
  calmForMs: number;
  /** ... and further levels as long as it stays so. */
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
