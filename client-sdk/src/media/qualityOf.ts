import { defaults } from '../defaults.js';

/** `lost`: nothing gets through at the moment. */
export type ConnectionLevel = 'excellent' | 'good' | 'poor' | 'lost';

/** How well somebody's audio travels. */
export interface ConnectionQuality {
  level: ConnectionLevel;
  /** Packets lost among those sent since the measurement before, 0 to 1. */
  lossShare: number;
  jitterMs: number;
  /** There and back; known for one's own connection. */
  rttMs?: number;
}

/** What was measured in one interval. */
export type ConnectionMeasurement = Omit<ConnectionQuality, 'level'>;

/**
 * The level of a measurement. To be better than before takes more than it took to become worse, so that a connection on the
 * edge does not flicker.
 */
export function qualityOf(options: {
  measured: ConnectionMeasurement;
  previous?: ConnectionLevel | undefined;
}): Exclude<ConnectionLevel, 'lost'> {
  const { measured, previous } = options;
  for (const level of ['excellent', 'good'] as const) {
    const factor = isBetter(level, previous) ? defaults.connectionQuality.improvementFactor : 1;
    const bounds = defaults.connectionQuality[level];
    const { lossShare, jitterMs, rttMs = 0 } = measured;
    if (
      lossShare <= bounds.lossShare * factor &&
      jitterMs <= bounds.jitterMs * factor &&
      rttMs <= bounds.rttMs * factor
    ) {
      return level;
    }
  }
  return 'poor';
}

const RANKS: Record<ConnectionLevel, number> = { excellent: 3, good: 2, poor: 1, lost: 0 };

function isBetter(level: ConnectionLevel, previous: ConnectionLevel | undefined): boolean {
  return previous !== undefined && RANKS[level] > RANKS[previous];
}
