export type StoreErrorCode = 'FULL' | 'LOCKED';

/** Why a store refuses a change, as a sentence that says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
