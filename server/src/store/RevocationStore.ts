/**
 * What an identity provider has taken back: a sign-in or a person by key, or everything that an issuer made before a moment. Unix
 * times in milliseconds.
 */
export type Revocation =
  | { key: string; beforeMs: number; forgetAtMs: number }
  | { issuer: string; notBeforeMs: number };

/**
 * Keeps what was taken back over a restart, so that nobody comes in again whose token has not run out yet.
 * `conformance/revocationStoreSuite.ts` holds every implementation to this.
 */
export interface RevocationStore {
  /** What still matters, one entry a key and an issuer: the newest. */
  load(options: { nowMs: number }): Promise<readonly Revocation[]>;
  /** Resolves when it is kept. @throws where it is not, with a `code` that says why */
  append(revocation: Revocation): Promise<void>;
}
