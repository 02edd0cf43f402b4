import { ParleyError } from '@parley/client-sdk/protocol';
import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import type { Revocation, RevocationStore } from '../store/RevocationStore.js';
import type { Identity } from './Authenticator.js';

/** A connection, from the session's point of view. */
export interface SessionOptions {
  identity: Identity;
  /** The token behind the identity, for introspection. Kept only in memory. */
  token?: string | undefined;
  /** Asks the client for a newer token. */
  onExpiring: (expiring: { expiresAtMs: number; graceMs: number }) => void;
  /** The connection and all its media must end now. Called once. */
  onEnd: (error: ParleyError) => void;
}

export interface SessionRegistryOptions {
  /** Timers use it, so that changes of the wall clock do not affect them. */
  time?: TimeSource;
  /** Unix time. */
  wallClock?: () => number;
  /** Maximum duration of a connection, whatever its tokens. */
  longestMs?: number;
  /** Whether somebody else than an identity provider has revoked the token behind an identity. Default: never. */
  isRevoked?: (identity: Identity) => boolean;
}

export interface StoredSessionRegistryOptions extends SessionRegistryOptions {
  /** Keeps revocations across restarts. */
  revocations: RevocationStore;
  /** Called with an error code if a revocation could not be stored. It holds until this process ends. */
  onNotKept: (reason: string) => void;
}

/** A newer token is requested this long before the old one expires; with less than twice this lifetime, at half of it. */
export const EXPIRY_NOTICE_MS = 60_000;
/** Minimum time between two such requests, however short the tokens live. */
const NOTICE_GAP_MS = 5_000;
/** The connection ends this long after expiry, so that a short failure of the identity provider disconnects no one. */
export const EXPIRY_GRACE_MS = 30_000;
/** Revocations are remembered until no token from before can still be valid. */
const REVOKED_FOR_MS = 24 * 3_600_000;
export const MOST_REVOKED = 10_000;

/** Deadlines of a session. */
type Schedule = (session: Session, notice: boolean) => CancelTimer[];

/** The session of one connection. Renewed with newer tokens; ended by time, by the identity provider, or by its owner. */
export class Session {
  readonly #registry: SessionRegistry;
  readonly #options: SessionOptions;
  readonly #schedule: Schedule;
  #timers: CancelTimer[] = [];
  #ended: ParleyError | undefined;
  identity: Identity;
  token: string | undefined;

  /** @internal */
  constructor(options: { registry: SessionRegistry; session: SessionOptions; schedule: Schedule }) {
    this.#registry = options.registry;
    this.#options = options.session;
    this.#schedule = options.schedule;
    this.identity = options.session.identity;
    this.token = options.session.token;
    this.#timers = this.#schedule(this, true);
  }

  /**
   * Takes over the identity of a newer token. A token that does not last longer is accepted too, but then no newer one is requested: a
   * client that has nothing better would be asked again and again.
   * @throws ParleyError `TOKEN_MISMATCH` for a token of another person or sign-in, or an older one; `SIGNED_OUT`; the session then stays as
   * it was. The reason of the end if it has ended
   */
  renew(identity: Identity, token?: string): void {
    if (this.#ended !== undefined) throw this.#ended;
    const { issuer, subject, sessionId, room, issuedAtMs = 0, expiresAtMs = 0 } = this.identity;
    const same = identity.issuer === issuer && identity.subject === subject && identity.sessionId === sessionId;
    if (!same || identity.room?.name !== room?.name) throw new ParleyError('TOKEN_MISMATCH');
    // Its grants may have been revoked in the meantime.
    if ((identity.issuedAtMs ?? 0) < issuedAtMs) throw new ParleyError('TOKEN_MISMATCH');
    this.#registry.assertAlive(identity);
    this.#cancelTimers();
    this.identity = identity;
    this.token = token;
    this.#timers = this.#schedule(this, (identity.expiresAtMs ?? 0) > expiresAtMs);
  }

  /** @internal */
  expiring(expiresAtMs: number): void {
    if (this.#ended === undefined) this.#options.onExpiring({ expiresAtMs, graceMs: EXPIRY_GRACE_MS });
  }

  /** Ends the connection. Idempotent. */
  end(error: ParleyError): void {
    if (this.#ended !== undefined) return;
    this.#close(error);
    this.#options.onEnd(error);
  }

  /** The connection is closed. Idempotent. */
  close(): void {
    this.#close(new ParleyError('CONNECTION_LOST'));
  }

  #close(reason: ParleyError): void {
    this.#ended ??= reason;
    this.#cancelTimers();
    this.#registry.forget(this);
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
  }
}

/**
 * All sessions of this server, and what identity providers have revoked: a sign-in, a person, or everything issued before some time.
 * Revoked tokens are also refused at the next connection. `new` keeps revocations only in memory, `create` in a store.
 */
export class SessionRegistry {
  readonly #time: TimeSource;
  readonly #wallClock: () => number;
  readonly #longestMs: number | undefined;
  readonly #isRevoked: (identity: Identity) => boolean;
  readonly #sessions = new Set<Session>();
  /** Key of a sign-in or a person -> Unix time before which its tokens are invalid, and when the entry may be dropped. */
  readonly #revoked = new Map<string, { beforeMs: number; forgetAtMs: number }>();
  /** The same by issuer. */
  readonly #notBefore = new Map<string, number>();
  /** Stores a revocation; resolves when this succeeded or failed. */
  #keep: (revocation: Revocation) => Promise<void> = () => Promise.resolve();
  #kept: Promise<void> = Promise.resolve();

  constructor(options: SessionRegistryOptions = {}) {
    this.#time = options.time ?? systemTime;
    this.#wallClock = options.wallClock ?? Date.now;
    this.#longestMs = options.longestMs;
    this.#isRevoked = options.isRevoked ?? (() => false);
  }

  /** Loads the stored revocations first. @throws if that fails */
  static async create(options: StoredSessionRegistryOptions): Promise<SessionRegistry> {
    const registry = new SessionRegistry(options);
    const { revocations, onNotKept } = options;
    for (const revocation of await revocations.load({ nowMs: registry.#wallClock() })) registry.#apply(revocation);
    registry.#keep = (revocation) =>
      revocations
        .append(revocation)
        .catch((error: unknown) => onNotKept((error as NodeJS.ErrnoException).code ?? 'unknown'));
    return registry;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get all(): readonly Session[] {
    return [...this.#sessions];
  }

  /** @throws ParleyError `SIGNED_OUT` if the identity was revoked */
  assertAlive(identity: Identity): void {
    const { issuer, subject, sessionId, issuedAtMs = 0 } = identity;
    const isRevoked = (key: string) => issuedAtMs <= (this.#revoked.get(key)?.beforeMs ?? -1);
    const revoked =
      isRevoked(personKey(issuer, subject)) || (sessionId !== undefined && isRevoked(signInKey(issuer, sessionId)));
    const tooOld = issuedAtMs < (this.#notBefore.get(issuer) ?? 0);
    if (revoked || tooOld || this.#isRevoked(identity)) throw new ParleyError('SIGNED_OUT');
  }

  /** @throws ParleyError `SIGNED_OUT` */
  open(options: SessionOptions): Session {
    this.assertAlive(options.identity);
    const startedAtMs = this.#time.now();
    const session = new Session({
      registry: this,
      session: options,
      schedule: (of, notice) => this.#schedule(of, { startedAtMs, notice }),
    });
    this.#sessions.add(session);
    return session;
  }

  /**
   * Someone signed out, or was signed out: of one sign-in if `sessionId` is given, otherwise everywhere. @returns how many connections this
   * ended
   */
  signOut(whom: { issuer: string; subject?: string; sessionId?: string }): number {
    const { issuer, subject, sessionId } = whom;
    const forgetAtMs = this.#wallClock() + REVOKED_FOR_MS;
    if (sessionId !== undefined) {
      this.#revoke({ key: signInKey(issuer, sessionId), beforeMs: Number.MAX_SAFE_INTEGER, forgetAtMs });
    } else if (subject !== undefined) {
      this.#revoke({ key: personKey(issuer, subject), beforeMs: this.#wallClock(), forgetAtMs });
    }
    return this.#endWhere(
      ({ identity }) =>
        identity.issuer === issuer &&
        (sessionId === undefined ? identity.subject === subject : identity.sessionId === sessionId),
    );
  }

  /** Tokens that an issuer issued before some time are no longer valid. @returns how many connections this ended */
  notBefore(options: { issuer: string; notBeforeMs: number }): number {
    const { issuer, notBeforeMs } = options;
    this.#revoke({ issuer, notBeforeMs: Math.max(notBeforeMs, this.#notBefore.get(issuer) ?? 0) });
    return this.#endWhere(({ identity }) => identity.issuer === issuer && (identity.issuedAtMs ?? 0) < notBeforeMs);
  }

  /** Ends the connections whose tokens were revoked by the option `isRevoked`. @returns how many */
  endRevoked(): number {
    return this.#endWhere(({ identity }) => this.#isRevoked(identity));
  }

  /** Resolves when every revocation so far is stored, or has failed to be. */
  kept(): Promise<void> {
    return this.#kept;
  }

  /** @internal */
  forget(session: Session): void {
    this.#sessions.delete(session);
  }

  #endWhere(matches: (session: Session) => boolean): number {
    const ending = [...this.#sessions].filter(matches);
    for (const session of ending) session.end(new ParleyError('SIGNED_OUT'));
    return ending.length;
  }

  #schedule(session: Session, { startedAtMs, notice }: { startedAtMs: number; notice: boolean }): CancelTimer[] {
    const timers: CancelTimer[] = [];
    const { expiresAtMs } = session.identity;
    if (expiresAtMs !== undefined) {
      const leftMs = expiresAtMs - this.#wallClock();
      if (notice) {
        const waitMs = Math.max(leftMs - EXPIRY_NOTICE_MS, leftMs / 2, leftMs > 0 ? NOTICE_GAP_MS : 0);
        timers.push(this.#time.after(waitMs, () => session.expiring(expiresAtMs)));
      }
      timers.push(
        this.#time.after(Math.max(0, leftMs + EXPIRY_GRACE_MS), () => session.end(new ParleyError('TOKEN_EXPIRED'))),
      );
    }
    if (this.#longestMs !== undefined) {
      const leftMs = startedAtMs + this.#longestMs - this.#time.now();
      timers.push(this.#time.after(Math.max(0, leftMs), () => session.end(new ParleyError('SESSION_TOO_LONG'))));
    }
    return timers;
  }

  #revoke(revocation: Revocation): void {
    this.#apply(revocation);
    this.#kept = Promise.all([this.#kept, this.#keep(revocation)]).then(() => {});
  }

  #apply(revocation: Revocation): void {
    if ('issuer' in revocation) {
      this.#notBefore.set(revocation.issuer, revocation.notBeforeMs);
      return;
    }
    const now = this.#wallClock();
    for (const [old, { forgetAtMs }] of this.#revoked) {
      if (forgetAtMs <= now || this.#revoked.size >= MOST_REVOKED) this.#revoked.delete(old);
      else break;
    }
    const { key, beforeMs, forgetAtMs } = revocation;
    this.#revoked.delete(key);
    this.#revoked.set(key, { beforeMs, forgetAtMs });
  }
}

function signInKey(issuer: string, sessionId: string): string {
  return JSON.stringify(['sid', issuer, sessionId]);
}

function personKey(issuer: string, subject: string): string {
  return JSON.stringify(['sub', issuer, subject]);
}
