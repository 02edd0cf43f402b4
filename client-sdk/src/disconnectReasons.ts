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
 * Derives the disconnect reason from the error that ended the client and the error with which its last connection was lost. If the only
 * token expired and the reconnect was refused for that, the reason is the expired token.
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
