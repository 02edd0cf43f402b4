import { ParleyError, type Participant } from '@parley/client-sdk/protocol';

/** The oldest mutes are forgotten first. A meeting has no more participants than that at any time. */
const MOST_REMEMBERED = 10_000;

/**
 * Whom moderators muted in one meeting, by participant. A mute does not depend on a track or a connection, so that neither another track
 * nor a reconnect ends it. A guest who comes back from the same device with another subject is muted, too.
 */
export class ModeratorMutes {
  /** Whether each of them asks to speak. */
  readonly #muted = new Map<string, { asks: boolean; device: string | undefined }>();

  has(participantId: string): boolean {
    return this.#muted.has(participantId);
  }

  /** @throws ParleyError `MUTED_BY_MODERATOR` */
  assertMaySpeak(participantId: string): void {
    if (this.has(participantId)) throw new ParleyError('MUTED_BY_MODERATOR');
  }

  /** What everybody sees of it. */
  shownOf(participantId: string): Pick<Participant, 'mutedByModerator' | 'asksToSpeak'> {
    const mute = this.#muted.get(participantId);
    if (mute === undefined) return {};
    return { mutedByModerator: true, ...(mute.asks ? { asksToSpeak: true } : {}) };
  }

  /** Somebody comes in: as whom they were muted before does not matter. */
  enter({ participantId, device }: { participantId: string; device: string | undefined }): void {
    if (device === undefined || this.has(participantId)) return;
    if ([...this.#muted.values()].some((mute) => mute.device === device)) this.mute({ participantId, device });
  }

  mute({ participantId, device }: { participantId: string; device?: string | undefined }): void {
    this.#muted.delete(participantId);
    this.#muted.set(participantId, { asks: false, device });
    const [oldest] = this.#muted.keys();
    if (this.#muted.size > MOST_REMEMBERED && oldest !== undefined) this.#muted.delete(oldest);
  }

  /** @returns whether there was a mute */
  lift(participantId: string): boolean {
    const mute = this.#muted.get(participantId);
    for (const [other, { device }] of this.#muted) {
      if (mute?.device !== undefined && device === mute.device) this.#muted.delete(other);
    }
    return this.#muted.delete(participantId) || mute !== undefined;
  }

  /** @returns whether that changed anything */
  ask({ participantId, on }: { participantId: string; on: boolean }): boolean {
    const mute = this.#muted.get(participantId);
    if (mute === undefined || mute.asks === on) return false;
    mute.asks = on;
    return true;
  }
}
