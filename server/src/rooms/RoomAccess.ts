import { type Grant, ParleyError } from '@parley/client-sdk/protocol';

/** So many are remembered of each kind; those who came first are forgotten first. */
const MOST_REMEMBERED = 10_000;

/** Who may come into one meeting, beyond what they may do anyway: the lock, and those who were removed. */
export class RoomAccess {
  #locked = false;
  readonly #removed = new Set<string>();
  /** Removed by the server itself. */
  readonly #flooded = new Set<string>();
  /** Those who are in, and those who lost their connection: a lock does not keep them out. */
  readonly #belonging = new Set<string>();

  get locked(): boolean {
    return this.#locked;
  }

  /** @returns whether that changed anything */
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

  /** Belongs to the meeting from now on. */
  enter(participantId: string): void {
    remember(this.#belonging, participantId);
  }

  /** Left on purpose: comes back as anybody else. */
  forget(participantId: string): void {
    this.#belonging.delete(participantId);
  }

  hasRemoved(participantId: string): boolean {
    return this.#removed.has(participantId) || this.#flooded.has(participantId);
  }

  /** Not let in again. @param code with which they are refused from now on */
  remove(participantId: string, code: 'REMOVED' | 'FLOODING' = 'REMOVED'): void {
    this.#belonging.delete(participantId);
    remember(code === 'FLOODING' ? this.#flooded : this.#removed, participantId);
  }
}

/** As the newest of its set. */
function remember(set: Set<string>, entry: string): void {
  set.delete(entry);
  set.add(entry);
  const [oldest] = set;
  if (set.size > MOST_REMEMBERED && oldest !== undefined) set.delete(oldest);
}
