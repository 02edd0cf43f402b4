import { LIMITS, ParleyError } from '@parley/client-sdk/protocol';

/** A visitor who waits to be admitted. */
export interface Waiter {
  connectionId: string;
  participantId: string;
  /** Network address; waiters without one count as from one address. */
  address: string;
  onAdmitted: () => void;
  onDismissed: (error: ParleyError) => void;
}

/** A refused participant may ask again after this. */
export const REFUSED_FOR_MS = 30_000;
/** Number of refusals that are remembered; the oldest is forgotten first. */
const MOST_REFUSED = 1_000;

/**
 * Visitors who wait, the longest first; at most `LIMITS.waiting`. When the list is full, the address with the most waiters loses its newest
 * one, so that one address cannot fill the list and keep out all others.
 */
export class WaitingList<W extends Waiter> {
  readonly #now: () => number;
  readonly #waiters = new Map<string, W>();
  /** When participants were refused. */
  readonly #refused = new Map<string, number>();

  /** @param options.now milliseconds on a clock that never goes back */
  constructor({ now }: { now: () => number }) {
    this.#now = now;
  }

  get size(): number {
    return this.#waiters.size;
  }

  get all(): readonly W[] {
    return [...this.#waiters.values()];
  }

  /**
   * A second connection of the same participant takes over the place.
   * @throws ParleyError `WAITING_ROOM_FULL`, `ADMISSION_REFUSED`
   */
  add(waiter: W): void {
    const { participantId } = waiter;
    const againInMs = (this.#refused.get(participantId) ?? Number.NEGATIVE_INFINITY) + REFUSED_FOR_MS - this.#now();
    if (againInMs > 0) throw new ParleyError('ADMISSION_REFUSED', { retryAfterMs: Math.ceil(againInMs) });
    const standing = this.#waiters.get(participantId);
    if (standing === undefined && this.size >= LIMITS.waiting) this.#makeRoomFor(waiter);
    this.#waiters.set(participantId, waiter);
    if (standing !== undefined && standing.connectionId !== waiter.connectionId) {
      standing.onDismissed(new ParleyError('DUPLICATE_PARTICIPANT'));
    }
  }

  /** @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  take(participantId: string): W {
    const waiter = this.#waiters.get(participantId);
    if (waiter === undefined) throw new ParleyError('PARTICIPANT_NOT_FOUND');
    this.#waiters.delete(participantId);
    return waiter;
  }

  /** @returns whether it waited */
  leave(connectionId: string): boolean {
    const waiter = this.all.find((each) => each.connectionId === connectionId);
    return waiter !== undefined && this.#waiters.delete(waiter.participantId);
  }

  /** Dismisses a waiter, who may ask again after `REFUSED_FOR_MS`. @throws ParleyError `PARTICIPANT_NOT_FOUND` */
  refuse(participantId: string): void {
    const waiter = this.take(participantId);
    this.#refused.delete(participantId);
    this.#refused.set(participantId, this.#now());
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > MOST_REFUSED && oldest !== undefined) this.#refused.delete(oldest);
    waiter.onDismissed(new ParleyError('ADMISSION_REFUSED'));
  }

  /** @throws ParleyError `WAITING_ROOM_FULL` if no address has more waiters than this one's */
  #makeRoomFor({ address }: W): void {
    const counts = new Map<string, number>();
    for (const each of this.all) counts.set(each.address, (counts.get(each.address) ?? 0) + 1);
    const most = Math.max(...counts.values());
    if ((counts.get(address) ?? 0) + 1 >= most) throw new ParleyError('WAITING_ROOM_FULL');
    const newest = this.all.findLast((each) => counts.get(each.address) === most);
    if (newest === undefined) return;
    this.#waiters.delete(newest.participantId);
    newest.onDismissed(new ParleyError('WAITING_ROOM_FULL'));
  }
}
