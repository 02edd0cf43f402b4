import { systemTime, type TimeSource } from '@parley/media/process';

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

/** Counts how often members of one meeting flooded the server, across their connections. */
export class FloodPolice {
  readonly #time: TimeSource;
  readonly #records = new Map<string, Offender>();

  constructor(options: { time?: TimeSource | undefined } = {}) {
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
}
