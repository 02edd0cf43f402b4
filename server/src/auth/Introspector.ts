import { type CancelTimer, systemTime, type TimeSource } from '@parley/media/process';
import type { Session, SessionRegistry } from './SessionRegistry.js';
import { CLOCK_TOLERANCE_S } from './TokenVerifier.js';

export interface IntrospectorOptions {
  sessions: SessionRegistry;
  /** Only tokens of this issuer are asked about. */
  issuer: string;
  /** RFC 7662. */
  endpoint: string;
  clientId: string;
  clientSecret: string;
  everyMs: number;
  /** Why an answer could not be had; the sessions stay. */
  onFailure: (reason: string) => void;
  /** Connections were ended, since their token does not hold any more. */
  onSignedOut?: (signedOut: { connections: number }) => void;
  fetch?: typeof fetch;
  time?: TimeSource;
  /** Unix time. */
  wallClock?: () => number;
}

const TIMEOUT_MS = 5_000;
/** Asked at the same time: the identity provider has others to answer. */
const AT_ONCE = 8;

/**
 * Asks the identity provider again and again whether the tokens of open connections still hold: it announces sign-outs, but not that a
 * user was disabled. What does not hold is taken back with its sign-in, so that the same token is no way to come in again.
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
      // A token that was replaced meanwhile may well have run out.
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
    // Of several connections of one sign-in, the first answer ends all.
    if (connections > 0) this.#options.onSignedOut?.({ connections });
  }

  /** Then "inactive" says no more than that, and the time of grace is the session's own. */
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
