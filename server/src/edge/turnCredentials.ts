import { createHmac } from 'node:crypto';
import type { IceServer } from '@parley/client-sdk/protocol';

export interface TurnSettings {
  /** `stun:`, `turn:` and `turns:` addresses. */
  urls: readonly string[];
  username?: string | undefined;
  credential?: string | undefined;
  /** Shared with coturn (`use-auth-secret`) to create temporary credentials. */
  secret?: string | undefined;
  ttlS: number;
}

/**
 * The relays for browsers. With a shared secret, the credentials follow coturn's REST API (draft-uberti-behave-turn-rest-00): the user name
 * is the time of expiry and the participant, the password is its HMAC-SHA1.
 */
export function iceServersFor(options: { turn: TurnSettings; participantId: string; nowMs: number }): IceServer[] {
  const { turn, participantId, nowMs } = options;
  if (turn.urls.length === 0) return [];
  const urls = [...turn.urls];
  if (turn.secret !== undefined) {
    const username = `${Math.floor(nowMs / 1_000) + turn.ttlS}:${participantId}`;
    return [{ urls, username, credential: createHmac('sha1', turn.secret).update(username).digest('base64') }];
  }
  const { username, credential } = turn;
  return [
    { urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) },
  ];
}
