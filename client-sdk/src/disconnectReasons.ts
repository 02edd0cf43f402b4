import type { DisconnectReason } from './clientEvents.js';
import type { ErrorCode, ParleyError } from './protocol/index.js';

const REASONS: { [Code in ErrorCode]?: DisconnectReason } = {
  REMOVED: 'removed',
  FLOODING: 'removed',
  MEETING_ENDED: 'meetingEnded',
  DUPLICATE_PARTICIPANT: 'replaced',
  SIGNED_OUT: 'signedOut',
  TOKEN_EXPIRED: 'tokenExpired',
  SESSION_TOO_LONG: 'tokenExpired',
};

/**
 * Why a client is over, by the error that ended it and the one with which its last connection was lost: whoever is refused because the
 * token that ran out is the only one wants to hear of the token.
 */
export function disconnectReasonOf(options: {
  error: ParleyError;
  lastLoss?: ParleyError | undefined;
}): DisconnectReason {
  const { error, lastLoss } = options;
  const known = REASONS[error.code];
  if (known !== undefined) return known;
  if (error.code === 'UNAUTHENTICATED' && lastLoss?.code === 'TOKEN_EXPIRED') return 'tokenExpired';
  return error.retryable ? 'connectionLost' : 'refused';
}
