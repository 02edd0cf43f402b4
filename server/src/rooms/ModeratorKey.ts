import { randomBytes } from 'node:crypto';
import { type Grant, ParleyError } from '@parley/client-sdk/protocol';
import type { Identity } from '../auth/Authenticator.js';
import { sameText } from '../auth/sameText.js';

/** Number of holders that are remembered; the oldest needs the key again. */
const MOST_HOLDERS = 1_000;
const KEY_BYTES = 24;

export interface ModeratorKeyOptions {
  /** Whether the guest who opens the room becomes its moderator. For servers where no one else can be. */
  guestsOwn: boolean;
}

/** How a participant got the right to moderate, other than by their identity. */
export type ModeratesBy = 'opened' | 'key';

/**
 * The moderator key of one meeting. A room of guests would have no moderator, so the guest who opens it becomes one, and gets a key for
 * other people and devices. Anyone who has used it moderates for the rest of the meeting. The key ends with the meeting.
 */
export class ModeratorKey {
  readonly #guestsOwn: boolean;
  #key: string | undefined;
  readonly #holders = new Map<string, ModeratesBy>();

  constructor({ guestsOwn }: ModeratorKeyOptions) {
    this.#guestsOwn = guestsOwn;
  }

  /**
   * The grants of a participant who joins now. `issued`: the key, only for the guest who opens the room, and only this once. Call `settle`
   * when they have joined.
   * @throws ParleyError `MODERATOR_KEY_INVALID`
   */
  admit(options: {
    identity: Identity;
    participantId: string;
    grants: ReadonlySet<Grant>;
    moderatorKey?: string | undefined;
    /** Whether they are the first participant. */
    opens: boolean;
  }): { grants: ReadonlySet<Grant>; issued?: string; by?: ModeratesBy; settle: () => void } {
    const { identity, participantId, grants, moderatorKey, opens } = options;
    if (opens && this.#guestsOwn && identity.issuer === 'guest') {
      const issued = randomBytes(KEY_BYTES).toString('base64url');
      const settle = () => {
        this.#key = issued;
        this.#hold(participantId, 'opened');
      };
      return { grants: withModerate(grants), issued, by: 'opened', settle };
    }
    if (moderatorKey !== undefined) {
      if (this.#key === undefined || !sameText(moderatorKey, this.#key)) throw new ParleyError('MODERATOR_KEY_INVALID');
      return { grants: withModerate(grants), by: 'key', settle: () => this.#hold(participantId, 'key') };
    }
    const by = this.#holders.get(participantId);
    return by === undefined ? { grants, settle: () => {} } : { grants: withModerate(grants), by, settle: () => {} };
  }

  /** `grants`, with `moderate` added if the participant has used the key. */
  withKey(participantId: string, grants: ReadonlySet<Grant>): ReadonlySet<Grant> {
    return this.#holders.has(participantId) ? withModerate(grants) : grants;
  }

  /** For a removed moderator: the key becomes invalid for everyone, since they may have passed it on. */
  revoke(participantId: string): void {
    if (this.#holders.delete(participantId)) this.#key = undefined;
  }

  #hold(participantId: string, by: ModeratesBy): void {
    this.#holders.delete(participantId);
    this.#holders.set(participantId, by);
    const [oldest] = this.#holders.keys();
    if (this.#holders.size > MOST_HOLDERS && oldest !== undefined) this.#holders.delete(oldest);
  }
}

function withModerate(grants: ReadonlySet<Grant>): ReadonlySet<Grant> {
  return new Set([...grants, 'moderate']);
}
