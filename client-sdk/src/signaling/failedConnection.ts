import { errorOf, type ParleyError, type ServerIdentity } from '../protocol/index.js';

/** For the answer that says what is at the address; the failure itself is known by then. */
const ANSWER_WITHIN_MS = 5_000;
/** What a program outside browsers knows of a WebSocket that was refused. */
const REFUSED_WITH = /Unexpected server response: (\d+)/;

export interface FailedConnection {
  /** Address of the server; its path is ignored. */
  url: string;
  /** Path below which a proxy serves the server: empty, or begins with a slash and does not end with one. */
  path: string;
  /** Why the WebSocket was not opened. */
  cause: Error;
}

/**
 * Finds out why no WebSocket could be opened. Browsers do not tell, so that a proxy in the way looks like a server that is not there: the
 * address is asked by plain HTTP.
 * @returns `WEBSOCKET_BLOCKED` if the server answers, `NOT_A_PARLEY_SERVER` if something else does, else `CONNECTION_FAILED`, also while a proxy
 * says that the server is away. Never rejects.
 */
export async function explainFailure({ url, path, cause }: FailedConnection): Promise<ParleyError> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    const answer = await fetch(new URL(`${path}/api/identity`, url), { signal, cache: 'no-store' });
    if (answer.status === 404) return errorOf('NOT_A_PARLEY_SERVER', { cause });
    if (!answer.ok) return errorOf('CONNECTION_FAILED', { cause });
    const { guests } = (await answer.json().catch(() => ({}))) as Partial<ServerIdentity>;
    return errorOf(typeof guests === 'boolean' ? 'WEBSOCKET_BLOCKED' : 'NOT_A_PARLEY_SERVER', { cause });
  } catch {
    // Nobody there; or `fetch` may not ask: it does not know the certificate, or another page's server does not allow it.
    return errorOf(wasAnswered(cause) ? 'WEBSOCKET_BLOCKED' : 'CONNECTION_FAILED', { cause });
  }
}

/** Whether something answered the request for a WebSocket with a page or an error of the request. */
function wasAnswered(cause: Error & { description?: { message?: unknown } }): boolean {
  const status = Number(REFUSED_WITH.exec(String(cause.description?.message))?.[1]);
  return status < 500 && status !== 429;
}
