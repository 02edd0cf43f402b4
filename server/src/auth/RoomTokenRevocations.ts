import { ParleyError } from '@parley/client-sdk/protocol';
import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import { covers, type TokenRevocation, type TokenRevocationStore } from '../store/TokenRevocationStore.js';
import type { Identity } from './Authenticator.js';
import { LONGEST_ROOM_TOKEN_MS } from './RoomTokenIssuer.js';
import { EXPIRY_GRACE_MS } from './SessionRegistry.js';
import { CLOCK_TOLERANCE_S } from './TokenVerifier.js';

export interface RoomTokenRevocationsOptions {
  store: TokenRevocationStore;
  time?: TimeSource;
  /** Unix time. */
  wallClock?: () => number;
}

/** Half of the second within which a connection ends after the command line has revoked its token. */
export const LOOK_EVERY_MS = 500;
/** Single tokens, each for one entry. More are revoked all together. */
export const MOST_TOKENS_OF_MINTER = 1_000;
export const MOST_TOKENS = 10_000;
/** No token from before can be valid, or keep a connection open, after that. */
const REMEMBERED_MS = LONGEST_ROOM_TOKEN_MS + CLOCK_TOLERANCE_S * 1_000 + EXPIRY_GRACE_MS;

/**
 * Room tokens that are refused although they have not expired: single ones, or all that a minter made up to a moment. A minter is named with
 * each, so that none can revoke the tokens of another. Nothing is dropped before it has expired: single tokens beyond the limits are not
 * revoked, and the error says what to do; all of a minter can always be.
 */
export class RoomTokenRevocations {
  readonly #store: TokenRevocationStore;
  readonly #time: TimeSource;
  readonly #wallClock: () => number;
  #revocations: readonly TokenRevocation[] = [];
  /** The same, to be looked up. */
  #known = new Map<string, TokenRevocation>();
  #looking = false;

  private constructor(options: RoomTokenRevocationsOptions) {
    this.#store = options.store;
    this.#time = options.time ?? systemTime;
    this.#wallClock = options.wallClock ?? Date.now;
  }

  /** @throws if the stored ones cannot be read; they are not discarded then */
  static async create(options: RoomTokenRevocationsOptions): Promise<RoomTokenRevocations> {
    const revocations = new RoomTokenRevocations(options);
    await revocations.#load();
    return revocations;
  }

  has({ roomToken, issuedAtMs = 0 }: Pick<Identity, 'roomToken' | 'issuedAtMs'>): boolean {
    if (roomToken === undefined) return false;
    const { id, mintedBy } = roomToken;
    const all = this.#known.get(keyOf({ mintedBy }));
    if (all !== undefined && 'beforeMs' in all && issuedAtMs <= all.beforeMs) return true;
    return this.#known.has(keyOf({ mintedBy, tokenId: id }));
  }

  /**
   * Revokes one token, or all that were made up to now. They are refused at once; resolves when that is stored.
   * @throws ParleyError `RATE_LIMITED` at once if there are too many single ones; StoreError `LOCKED`, or the error of writing it: it then
   * holds until this process ends
   */
  revoke({ mintedBy, tokenId }: { mintedBy: string; tokenId?: string | undefined }): Promise<void> {
    const nowMs = this.#wallClock();
    if (tokenId !== undefined) this.#assertRoom({ mintedBy, tokenId, nowMs });
    const forgetAtMs = nowMs + REMEMBERED_MS;
    const revocation =
      tokenId === undefined ? { mintedBy, beforeMs: nowMs, forgetAtMs } : { mintedBy, tokenId, forgetAtMs };
    this.#apply([revocation], nowMs);
    return this.#store.add(revocation, { nowMs });
  }

  /**
   * Looks every half a second at what other programs have stored.
   * @param options.onChange there may be more than before
   * @param options.onFailure called with an error code; what is known still holds
   * @returns a function that ends it
   */
  follow(options: { onChange: () => void; onFailure: (reason: string) => void }): CancelTimer {
    let cancel: CancelTimer = () => {};
    const next = (): void => {
      cancel = this.#time.after(LOOK_EVERY_MS, () => {
        next();
        void this.#look(options);
      });
    };
    next();
    return () => cancel();
  }

  async #look({ onChange, onFailure }: { onChange: () => void; onFailure: (reason: string) => void }): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      if (await this.#load()) onChange();
    } catch (error) {
      onFailure((error as NodeJS.ErrnoException).code ?? (error as Error).name);
    } finally {
      this.#looking = false;
    }
  }

  /** @returns whether there was something new */
  async #load(): Promise<boolean> {
    const nowMs = this.#wallClock();
    const stored = await this.#store.list({ nowMs });
    const isNew = (revocation: TokenRevocation) => {
      const known = this.#known.get(keyOf(revocation));
      return (
        known === undefined || ('beforeMs' in known && 'beforeMs' in revocation && known.beforeMs < revocation.beforeMs)
      );
    };
    const added = stored.filter(isNew);
    if (added.length > 0) this.#apply(added, nowMs);
    return added.length > 0;
  }

  #apply(added: readonly TokenRevocation[], nowMs: number): void {
    const kept = this.#revocations.filter(
      (old) => old.forgetAtMs > nowMs && !added.some((revocation) => covers(revocation, old)),
    );
    this.#revocations = [...kept, ...added];
    this.#known = new Map(this.#revocations.map((revocation) => [keyOf(revocation), revocation]));
  }

  /** @throws ParleyError `RATE_LIMITED` */
  #assertRoom({ mintedBy, tokenId, nowMs }: { mintedBy: string; tokenId: string; nowMs: number }): void {
    const single = this.#revocations.filter((each) => each.forgetAtMs > nowMs && 'tokenId' in each);
    const own = single.filter((each) => each.mintedBy === mintedBy);
    if (this.#known.has(keyOf({ mintedBy, tokenId }))) return;
    if (own.length < MOST_TOKENS_OF_MINTER && single.length < MOST_TOKENS) return;
    const [oldest] = own.length < MOST_TOKENS_OF_MINTER ? single : own;
    throw new ParleyError('RATE_LIMITED', {
      message: 'Too many tokens are revoked one by one. Revoke all tokens of the key instead.',
      retryAfterMs: Math.max(1, (oldest?.forgetAtMs ?? nowMs) - nowMs),
    });
  }
}

/** Ids of tokens have no spaces. */
function keyOf(of: { mintedBy: string; tokenId?: string } | TokenRevocation): string {
  return `${'tokenId' in of ? of.tokenId : '*'} ${of.mintedBy}`;
}
