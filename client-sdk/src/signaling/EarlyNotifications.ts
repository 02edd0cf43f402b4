import type { SignalingNotification } from './SignalingChannel.js';

/** Of more, interims are dropped: newer ones follow. */
const CAPACITY = 1_000;

/** Keeps notifications that overtake the answer to `join` until it is known what they are about. */
export class EarlyNotifications {
  #kept: SignalingNotification[] | undefined;

  /** From now on they are kept; those from before are forgotten. */
  hold(): void {
    this.#kept = [];
  }

  /** @returns whether it is kept; otherwise it is the caller's */
  keep(notification: SignalingNotification): boolean {
    if (this.#kept === undefined) return false;
    if (this.#kept.length < CAPACITY || notification.name !== 'interimUpdated') this.#kept.push(notification);
    return true;
  }

  /** From now on none is kept. @returns those that were, in their order */
  release(): SignalingNotification[] {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    return kept;
  }
}
