import { ParleyError, type Participant } from '@parley/client-sdk/protocol';

/** Number of mutes that are remembered; the oldest is forgotten first. More than a meeting can have participants at a time. */
const MOST_REMEMBERED = 10_000;

/**
 * Participants whom moderators muted in one meeting. A mute does not depend on a track or a connection, so neither another track nor a
 * reconnect ends it. A guest who comes back from the same device with another subject is muted, too.
 */
export class ModeratorMutes {
  /** By participant. `asks`: whether they ask to speak. */
  readonly #muted = new Map<string, { asks: boolean; device: string | undefined }>();

  has(participantId: string): boolean {
    return this.#muted.has(participantId);
  }

  /** @throws ParleyError `MUTED_BY_MODERATOR` */
  assertMaySpeak(participantId: string): void {
    if (this.has(participantId)) throw new ParleyError('MUTED_BY_MODERATOR');
  }

  /** The part of `Participant` that everyone sees. */
  shownOf(participantId: string): Pick<Participant, 'mutedByModerator' | 'asksToSpeak'> {
    const mute = this.#muted.get(participantId);
    if (mute === undefined) return {};
    return { mutedByModerator: true, ...(mute.asks ? { asksToSpeak: true } : {}) };
  }

  /** A participant joins. Mutes them if another participant from the same device is muted. */
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

  /** @returns whether it changed anything */
  ask({ participantId, on }: { participantId: string; on: boolean }): boolean {
    const mute = this.#muted.get(participantId);
    if (mute === undefined || mute.asks === on) return false;
    mute.asks = on;
    return true;
  }
}
