import { systemTime, type TimeSource } from '@parley/media/process';

/** Reports within so long are of the same offence: what was on its way, or is looked at in the SFU every 5 s. */
const SAME_MS = 5_000;
/** Whoever behaves for so long begins afresh. */
const FORGIVEN_MS = 600_000;
/** A glitch is muted; whoever goes on after that, twice, means it. */
const OFFENCES_TO_REMOVE = 3;

interface Record {
  offences: number;
  atMs: number;
}

/** How often members of one meeting flooded the server. Outlives their connections. */
export class FloodPolice {
  readonly #time: TimeSource;
  readonly #records = new Map<string, Record>();

  constructor(options: { time?: TimeSource | undefined } = {}) {
    this.#time = options.time ?? systemTime;
  }

  /** @returns what is to be done about them */
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
