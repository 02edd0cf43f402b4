import type { SignalingNotification } from './SignalingChannel.js';

/** Beyond this, interims are dropped; newer ones follow. */
const CAPACITY = 1_000;

/** Holds back notifications that arrive before the answer to `join`. */
export class EarlyNotifications {
  #kept: SignalingNotification[] | undefined;

  /** Starts holding back. Earlier ones are discarded. */
  hold(): void {
    this.#kept = [];
  }

  /** @returns whether it is held back; otherwise the caller handles it */
  keep(notification: SignalingNotification): boolean {
    if (this.#kept === undefined) return false;
    if (this.#kept.length < CAPACITY || notification.name !== 'interimUpdated') this.#kept.push(notification);
    return true;
  }

  /** Stops holding back. @returns the notifications in order */
  release(): SignalingNotification[] {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    return kept;
  }
}
