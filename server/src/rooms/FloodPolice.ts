import { systemTime, type TimeSource } from '@parley/media/process';
import type { Meeting } from '../meetings/Meeting.js';
import type { AuditLog } from '../observability/AuditLog.js';
import type { Logger } from '../observability/logger.js';
import type { Flood } from './RoomTranscriber.js';

export interface FloodPoliceOptions {
  meeting: Pick<Meeting, 'room' | 'meetingId'>;
  logger: Logger;
  audit: Pick<AuditLog, 'record'>;
  time?: TimeSource | undefined;
}

/** Reports within this time belong to one offence: packets were already on their way, and the SFU is only checked every 5 s. */
const SAME_MS = 5_000;
/** After this time without an offence, earlier ones no longer count. */
const FORGIVEN_MS = 600_000;
/** The first two may be a glitch, and are muted. */
const OFFENCES_TO_REMOVE = 3;

interface Offender {
  offences: number;
  atMs: number;
}

/** Counts how often members of one meeting flooded the server, across their connections, and records what was done about it. */
export class FloodPolice {
  readonly #options: FloodPoliceOptions;
  readonly #time: TimeSource;
  readonly #records = new Map<string, Offender>();

  constructor(options: FloodPoliceOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
  }

  /** @returns what to do with the participant */
  report(participantId: string): 'mute' | 'remove' {
    const nowMs = this.#time.now();
    for (const [id, { atMs }] of this.#records) if (nowMs - atMs > FORGIVEN_MS) this.#records.delete(id);
    const record = this.#records.get(participantId) ?? { offences: 0, atMs: Number.NEGATIVE_INFINITY };
    if (nowMs - record.atMs >= SAME_MS) {
      record.offences += 1;
      record.atMs = nowMs;
    }
    this.#records.set(participantId, record);
    return record.offences >= OFFENCES_TO_REMOVE ? 'remove' : 'mute';
  }

  /** For the server's log and the audit log. */
  acted({ participantId, limit, action }: Flood & { action: 'mute' | 'remove' }): void {
    const { meeting, logger, audit } = this.#options;
    const { room, meetingId } = meeting;
    logger.warn({ participantId, limit, action }, 'stopped a participant from flooding the server with media');
    audit.record({ event: 'floodStopped', action, limit, room, meetingId, participantId });
  }
}
