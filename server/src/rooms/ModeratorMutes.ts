import { ParleyError, type Participant } from '@parley/client-sdk/protocol';

/** The oldest mutes are forgotten first. A meeting has no more participants than that at any time. */
const MOST_REMEMBERED = 10_000;

/**
 * Whom moderators muted in one meeting, by participant. A mute does not depend on a track or a connection, so that neither another track
 * nor a reconnect ends it.
 */
export class ModeratorMutes {
  /** Whether each of them asks to speak. */
  readonly #muted = new Map<string, boolean>();

  has(participantId: string): boolean {
    return this.#muted.has(participantId);
  }

  /** @throws ParleyError `MUTED_BY_MODERATOR` */
  assertMaySpeak(participantId: string): void {
    if (this.has(participantId)) throw new ParleyError('MUTED_BY_MODERATOR');
  }

  /** What everybody sees of it. */
  shownOf(participantId: string): Pick<Participant, 'mutedByModerator' | 'asksToSpeak'> {
    const asks = this.#muted.get(participantId);
    if (asks === undefined) return {};
    return { mutedByModerator: true, ...(asks ? { asksToSpeak: true } : {}) };
  }

  mute(participantId: string): void {
    this.#muted.delete(participantId);
    this.#muted.set(participantId, false);
    const [oldest] = this.#muted.keys();
    if (this.#muted.size > MOST_REMEMBERED && oldest !== undefined) this.#muted.delete(oldest);
  }

  /** @returns whether there was a mute */
  lift(participantId: string): boolean {
    return this.#muted.delete(participantId);
  }

  /** @returns whether that changed anything */
  ask({ participantId, on }: { participantId: string; on: boolean }): boolean {
    const asks = this.#muted.get(participantId);
    if (asks === undefined || asks === on) return false;
    this.#muted.set(participantId, on);
    return true;
  }
}
