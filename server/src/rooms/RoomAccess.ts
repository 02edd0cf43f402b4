import { type Grant, ParleyError } from '@parley/client-sdk/protocol';

/** Maximum number of entries of each kind; the oldest are dropped first. */
const MOST_REMEMBERED = 10_000;

/** Who may join a meeting, in addition to grants: the lock, and removed participants. */
export class RoomAccess {
  #locked = false;
  readonly #removed = new Set<string>();
  /** Removed by the server itself. */
  readonly #flooded = new Set<string>();
  /** Participants who are present or lost their connection: a lock does not exclude them. */
  readonly #belonging = new Set<string>();

  get locked(): boolean {
    return this.#locked;
  }

  /** @returns whether it changed anything */
  setLocked(locked: boolean): boolean {
    const changed = this.#locked !== locked;
    this.#locked = locked;
    return changed;
  }

  /** @throws ParleyError `REMOVED`, `FLOODING`, `ROOM_LOCKED` */
  assertMayEnter(options: { participantId: string; grants: ReadonlySet<Grant> }): void {
    const { participantId, grants } = options;
    if (this.#removed.has(participantId)) throw new ParleyError('REMOVED');
    if (this.#flooded.has(participantId)) throw new ParleyError('FLOODING');
    if (this.#locked && !grants.has('moderate') && !this.#belonging.has(participantId)) {
      throw new ParleyError('ROOM_LOCKED');
    }
  }

  /** From now on the participant belongs to the meeting. */
  enter(participantId: string): void {
    remember(this.#belonging, participantId);
  }

  /** Left on purpose, and rejoins like anyone else. */
  forget(participantId: string): void {
    this.#belonging.delete(participantId);
  }

  hasRemoved(participantId: string): boolean {
    return this.#removed.has(participantId) || this.#flooded.has(participantId);
  }

  /** Not admitted again. @param code of the refusal from now on */
  remove(participantId: string, code: 'REMOVED' | 'FLOODING' = 'REMOVED'): void {
    this.#belonging.delete(participantId);
    remember(code === 'FLOODING' ? this.#flooded : this.#removed, participantId);
  }
}

/** Adds as the newest of its set. */
function remember(set: Set<string>, entry: string): void {
  set.delete(entry);
  set.add(entry);
  const [oldest] = set;
  if (set.size > MOST_REMEMBERED && oldest !== undefined) set.delete(oldest);
}
