import { ERROR_REGISTRY, type ErrorCode, errorOf, ParleyError, type WireError } from './protocol/index.js';

/** The server's error. A code that this SDK does not know yet becomes `INTERNAL` with the server's own sentence. */
export function errorFromWire(error: WireError): ParleyError {
  if (Object.hasOwn(ERROR_REGISTRY, error.code)) return ParleyError.fromWire(error);
  return errorOf('INTERNAL', { message: error.message, cause: error });
}

/** What was thrown, as an error with a code. */
export function asParleyError(error: unknown, code: ErrorCode): ParleyError {
  return error instanceof ParleyError ? error : errorOf(code, { cause: error });
}

export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof ParleyError ? error.code : undefined;
}
