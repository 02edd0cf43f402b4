import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import type { Session, SessionRegistry } from './SessionRegistry.js';
import { CLOCK_TOLERANCE_S } from './TokenVerifier.js';

export interface IntrospectorOptions {
  sessions: SessionRegistry;
  /** Only tokens of this issuer are introspected. */
  issuer: string;
  /** RFC 7662. */
  endpoint: string;
  clientId: string;
  clientSecret: string;
  everyMs: number;
  /** Called with the reason if there was no answer; the sessions continue. */
  onFailure: (reason: string) => void;
  /** Connections were ended because their token is no longer valid. */
  onSignedOut?: (signedOut: { connections: number }) => void;
  fetch?: typeof fetch;
  time?: TimeSource;
  /** Unix time. */
  wallClock?: () => number;
}

const TIMEOUT_MS = 5_000;
/** Concurrent requests. Limited out of consideration for the identity provider. */
const AT_ONCE = 8;

/**
 * Regularly asks the identity provider whether the tokens of open connections are still valid. It announces sign-outs, but not that a user
 * was disabled. An invalid token is revoked together with its sign-in, so that it cannot be used to connect again.
 */
export class Introspector {
  readonly #options: IntrospectorOptions;
  readonly #time: TimeSource;
  #cancel: CancelTimer = () => {};
  #closed = false;

  constructor(options: IntrospectorOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** One round over all sessions. */
  async askAll(): Promise<void> {
    const { sessions, issuer } = this.#options;
    const waiting = sessions.all.filter(
      (session) => session.token !== undefined && session.identity.issuer === issuer && !this.#hasRunOut(session),
    );
    const work = async () => {
      for (let session = waiting.shift(); session !== undefined; session = waiting.shift()) await this.#ask(session);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#cancel = this.#time.after(this.#options.everyMs, () => {
      void this.askAll().finally(() => this.#schedule());
    });
  }

  async #ask(session: Session): Promise<void> {
    const { endpoint, clientId, clientSecret, onFailure } = this.#options;
    const { token } = session;
    if (token === undefined || this.#closed) return;
    try {
      const answer = await (this.#options.fetch ?? fetch)(endpoint, {
        method: 'POST',
        headers: { authorization: `Basic ${basicCredentials({ clientId, clientSecret })}` },
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const { active } = (await answer.json()) as { active?: unknown };
      // A token that was replaced in the meantime may have expired.
      if (active === false && session.token === token && !this.#hasRunOut(session)) this.#takeBack(session);
    } catch (error) {
      onFailure(error instanceof Error ? error.message : 'unknown');
    }
  }

  #takeBack({ identity }: Session): void {
    const { issuer, subject, sessionId } = identity;
    const connections = this.#options.sessions.signOut({
      issuer,
      subject,
      ...(sessionId === undefined ? {} : { sessionId }),
    });
    // If several connections belong to one sign-in, the first answer ends all.
    if (connections > 0) this.#options.onSignedOut?.({ connections });
  }

  /** For an expired token, "inactive" means only that; its session has a grace period of its own. */
  #hasRunOut({ identity }: Session): boolean {
    const now = (this.#options.wallClock ?? Date.now)();
    return identity.expiresAtMs !== undefined && identity.expiresAtMs - now <= CLOCK_TOLERANCE_S * 1_000;
  }
}

/** RFC 6749 section 2.3.1: both parts are form-encoded first. */
function basicCredentials({ clientId, clientSecret }: { clientId: string; clientSecret: string }): string {
  const text = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  return Buffer.from(text).toString('base64');
}
