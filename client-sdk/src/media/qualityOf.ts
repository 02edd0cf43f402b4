import { defaults } from '../defaults.js';

/** `lost`: nothing arrives at the moment. */
export type ConnectionLevel = 'excellent' | 'good' | 'poor' | 'lost';

/** Quality of a participant's audio connection. */
export interface ConnectionQuality {
  level: ConnectionLevel;
  /** Share of packets lost since the previous measurement, 0 to 1. */
  lossShare: number;
  jitterMs: number;
  /** Round-trip time; only known for this client's own connection. */
  rttMs?: number;
}

/** Values measured in one interval. */
export type ConnectionMeasurement = Omit<ConnectionQuality, 'level'>;

/**
 * The level of a measurement. A better level than before needs better values than the same level when it falls, so that a connection on the
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
