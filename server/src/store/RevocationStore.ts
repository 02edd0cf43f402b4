/**
 * What an identity provider has revoked: a sign-in or a person by key, or everything an issuer signed before a moment. Unix times in
 * milliseconds.
 */
export type Revocation =
  | { key: string; beforeMs: number; forgetAtMs: number }
  | { issuer: string; notBeforeMs: number };

/**
 * Keeps revocations across restarts, until the tokens concerned have expired. Every implementation passes
 * `conformance/revocationStoreSuite.ts`.
 */
export interface RevocationStore {
  /** Revocations that still matter: the newest one for each key and each issuer. */
  load(options: { nowMs: number }): Promise<readonly Revocation[]>;
  /** Resolves when it is stored. @throws an error with a `code` if it cannot be stored */
  append(revocation: Revocation): Promise<void>;
}
