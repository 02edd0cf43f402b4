import { ERROR_REGISTRY, type ErrorCode, errorOf, ParleyError, type WireError } from './protocol/index.js';

/** Converts an error from the server. A code that this SDK does not know becomes `INTERNAL` with the server's message. */
export function errorFromWire(error: WireError): ParleyError {
  if (Object.hasOwn(ERROR_REGISTRY, error.code)) return ParleyError.fromWire(error);
  return errorOf('INTERNAL', { message: error.message, cause: error });
}

/** Converts anything thrown into a `ParleyError`; `code` is used if it has none. */
export function asParleyError(error: unknown, code: ErrorCode): ParleyError {
  return error instanceof ParleyError ? error : errorOf(code, { cause: error });
}

export function codeOf(error: unknown): ErrorCode | undefined {
  return error instanceof ParleyError ? error.code : undefined;
}
