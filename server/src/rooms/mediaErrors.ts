import { type ErrorCode, ParleyError } from '@parley/client-sdk/protocol';
import { SfuError, type SfuErrorCode } from '@parley/media/node';

const WIRE_CODES: Record<SfuErrorCode, ErrorCode> = {
  WORKER_UNAVAILABLE: 'MEDIA_UNAVAILABLE',
  PORT_IN_USE: 'MEDIA_UNAVAILABLE',
  TRANSPORT_NOT_FOUND: 'TRANSPORT_NOT_FOUND',
  PRODUCER_NOT_FOUND: 'PRODUCER_NOT_FOUND',
  CONSUMER_NOT_FOUND: 'CONSUMER_NOT_FOUND',
  INVALID_RTP_PARAMETERS: 'INVALID_RTP_PARAMETERS',
  INVALID_STATE: 'BAD_REQUEST',
};

/** Runs an SFU operation and converts its errors to wire errors; details stay in `cause`, for the log. */
export async function asWireErrors<T>(action: () => Promise<T> | T): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof SfuError) {
      throw new ParleyError(WIRE_CODES[error.code], { cause: error });
    }
    throw error;
  }
}
