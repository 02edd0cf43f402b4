import { type ErrorCode, errorOf, ParleyError } from '@parley/client-sdk';

/** Converts anything thrown into an error that can be shown. `code` is used for unexpected errors. */
export function asError(failure: unknown, code: ErrorCode = 'INTERNAL'): ParleyError {
  return failure instanceof ParleyError ? failure : errorOf(code, { cause: failure });
}
