import { ParleyError } from '@parley/client-sdk/protocol';
import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import type { Revocation, RevocationStore } from '../store/RevocationStore.js';
import type { Identity } from './Authenticator.js';

/** Somebody's connection, as far as its right to exist goes. */
export interface SessionOptions {
  identity: Identity;
  /** What the identity comes from, for those who ask whether it still holds. Kept in memory alone. */
  token?: string | undefined;
  /** A newer token is due. */
  onExpiring: (expiring: { expiresAtMs: number; graceMs: number }) => void;
  /** The connection and all its media must end now. Called once. */
  onEnd: (error: ParleyError) => void;
}

export interface SessionRegistryOptions {
  /** Timers run on it, so that a change of the wall clock moves none of them. */
  time?: TimeSource;
  /** Unix time. */
  wallClock?: () => number;
  /** Longest that a connection may last, whatever its tokens. */
  longestMs?: number;
}

export interface StoredSessionRegistryOptions extends SessionRegistryOptions {
  /** Keeps revocations across restarts. */
  revocations: RevocationStore;
  /** Called with an error code if a revocation could not be stored. It holds until this process ends. */
  onNotKept: (reason: string) => void;
}

/** A newer token is asked for so long before the old one runs out; of one that lives less than twice as long, at half its time. */
export const EXPIRY_NOTICE_MS = 60_000;
/** However short tokens live, a newer one is asked for no more often than this. */
const NOTICE_GAP_MS = 5_000;
/** So long after it ran out the connection ends: a short failure of the identity provider throws nobody out. */
export const EXPIRY_GRACE_MS = 30_000;
/** What was revoked is remembered until no token from before can be valid any more. */
const REVOKED_FOR_MS = 24 * 3_600_000;
export const MOST_REVOKED = 10_000;

/** What a session has to be told in time. */
type Schedule = (session: Session, notice: boolean) => CancelTimer[];

/** One connection's session. Renewed by newer tokens; ended by time, by the identity provider, or by whoever opened it. */
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
   * Takes a newer token's identity over. A token that lasts no longer than the present one is taken too, but no newer one is asked for
   * then: whoever has nothing better would be asked for it again and again.
   * @throws ParleyError `TOKEN_MISMATCH` for another person's, another sign-in's or an older one, `SIGNED_OUT`; the session stays as it
   * was. Why it ended, when it has.
   */
  renew(identity: Identity, token?: string): void {
    if (this.#ended !== undefined) throw this.#ended;
    const { issuer, subject, sessionId, room, issuedAtMs = 0, expiresAtMs = 0 } = this.identity;
    const same = identity.issuer === issuer && identity.subject === subject && identity.sessionId === sessionId;
    if (!same || identity.room?.name !== room?.name) throw new ParleyError('TOKEN_MISMATCH');
    // What it granted may have been taken away since.
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

  /** The connection is gone. Idempotent. */
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
 * All sessions of this server, and what identity providers have taken back: a sign-in, a person, or everything from before a moment. What
 * was taken back is refused at the next connection, too. `new` keeps them in
 * memory only, `create` in a store.
 */
export class SessionRegistry {
  readonly #time: TimeSource;
  readonly #wallClock: () => number;
  readonly #longestMs: number | undefined;
  readonly #sessions = new Set<Session>();
  /** Key of a sign-in or a person -> Unix time from before which tokens do not hold, and when that may be forgotten. */
  readonly #revoked = new Map<string, { beforeMs: number; forgetAtMs: number }>();
  /** Of issuers. */
  readonly #notBefore = new Map<string, number>();
  /** Stores a revocation; resolves when that is done or has failed. */
  #keep: (revocation: Revocation) => Promise<void> = () => Promise.resolve();
  #kept: Promise<void> = Promise.resolve();

  constructor(options: SessionRegistryOptions = {}) {
    this.#time = options.time ?? systemTime;
    this.#wallClock = options.wallClock ?? Date.now;
    this.#longestMs = options.longestMs;
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

  /** @throws ParleyError `SIGNED_OUT` where the identity was taken back */
  assertAlive(identity: Identity): void {
    const { issuer, subject, sessionId, issuedAtMs = 0 } = identity;
    const isRevoked = (key: string) => issuedAtMs <= (this.#revoked.get(key)?.beforeMs ?? -1);
    const revoked =
      isRevoked(personKey(issuer, subject)) || (sessionId !== undefined && isRevoked(signInKey(issuer, sessionId)));
    if (revoked || issuedAtMs < (this.#notBefore.get(issuer) ?? 0)) throw new ParleyError('SIGNED_OUT');
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
   * Somebody signed out, or was: of one sign-in where `sessionId` is given, else everywhere.
   * @returns how many connections that ended
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

  /** Tokens that an issuer made before a moment do not hold any more. @returns how many connections that ended */
  notBefore(options: { issuer: string; notBeforeMs: number }): number {
    const { issuer, notBeforeMs } = options;
    this.#revoke({ issuer, notBeforeMs: Math.max(notBeforeMs, this.#notBefore.get(issuer) ?? 0) });
    return this.#endWhere(({ identity }) => identity.issuer === issuer && (identity.issuedAtMs ?? 0) < notBeforeMs);
  }

  /** Resolves when every revocation so far is stored, or could not be. */
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
