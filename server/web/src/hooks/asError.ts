import { type ErrorCode, errorOf, ParleyError } from '@parley/client-sdk';

/** What failed, as an error that can be shown. `code` stands for what nobody expected. */
export function asError(failure: unknown, code: ErrorCode = 'INTERNAL'): ParleyError {
  return failure instanceof ParleyError ? failure : errorOf(code, { cause: failure });
}
