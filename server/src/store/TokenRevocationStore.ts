/**
 * One room token that is no longer valid, or all that a minter (an API key, a service account) made up to a moment. Unix times in
 * milliseconds.
 */
export type TokenRevocation =
  | { mintedBy: string; tokenId: string; forgetAtMs: number }
  | { mintedBy: string; beforeMs: number; forgetAtMs: number };

/**
 * Revoked room tokens of a deployment, shared by servers and the command line: each sees the others' changes with its next call. Every
 * implementation passes `conformance/tokenRevocationStoreSuite.ts`.
 */
export interface TokenRevocationStore {
  /** Those that still matter, oldest first. Cheap where nothing has changed. */
  list(options: { nowMs: number }): Promise<readonly TokenRevocation[]>;
  /** Replaces what it covers: the same token, or all of a minter. @throws StoreError `LOCKED`, or the error of writing it */
  add(revocation: TokenRevocation, options: { nowMs: number }): Promise<void>;
}

/** Whether everything that `old` revokes is revoked by `newer`. */
export function covers(newer: TokenRevocation, old: TokenRevocation): boolean {
  if (newer.mintedBy !== old.mintedBy) return false;
  return !('tokenId' in newer) || ('tokenId' in old && newer.tokenId === old.tokenId);
}
