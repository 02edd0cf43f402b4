import { randomBytes } from 'node:crypto';
import { type Grant, ParleyError } from '@parley/client-sdk/protocol';
import type { Identity } from '../auth/Authenticator.js';
import { sameText } from '../auth/sameText.js';

/** Beyond this, those who used the key first need it again. */
const MOST_HOLDERS = 1_000;
const KEY_BYTES = 24;

export interface ModeratorKeyOptions {
  /** Whether the guest who opens the room becomes its moderator: where nobody else could. */
  guestsOwn: boolean;
}

/** How somebody got the right to moderate, besides their identity. */
export type ModeratesBy = 'opened' | 'key';

/**
 * The moderator key of one meeting. In a room that only guests come to nobody would moderate; so the guest who opens it does, and gets a
 * key for others and for other devices. Who has used it moderates for the rest of the meeting. It ends with the meeting.
 */
export class ModeratorKey {
  readonly #guestsOwn: boolean;
  #key: string | undefined;
  readonly #holders = new Map<string, ModeratesBy>();

  constructor({ guestsOwn }: ModeratorKeyOptions) {
    this.#guestsOwn = guestsOwn;
  }

  /**
   * What somebody may do who comes in now. `issued`: the key, for the one who opens the room; it is shown to nobody else, and not again.
   * `settle` has to be called when they are in.
   * @throws ParleyError `MODERATOR_KEY_INVALID`
   */
  admit(options: {
    identity: Identity;
    participantId: string;
    grants: ReadonlySet<Grant>;
    moderatorKey?: string | undefined;
    /** Whether nobody was in before. */
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

  /** The grants of somebody who is in, with what they have by the key. */
  withKey(participantId: string, grants: ReadonlySet<Grant>): ReadonlySet<Grant> {
    return this.#holders.has(participantId) ? withModerate(grants) : grants;
  }

  /** A removed moderator's key opens nothing any more, whoever has it. */
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
