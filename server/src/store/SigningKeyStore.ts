/** A key that room tokens are signed with. */
export interface SigningKey {
  kid: string;
  /** Unix time. */
  createdAtMs: number;
  /** Private half as a JWK (RFC 7517). */
  key: Record<string, unknown>;
}

/** The keys of room tokens. Every implementation passes `conformance/signingKeyStoreSuite.ts`. */
export interface SigningKeyStore {
  /** Newest first; empty if there are none yet. @throws if the stored keys cannot be read; they are not discarded then */
  list(): Promise<readonly SigningKey[]>;
  /** Adds the newest key and drops those created at or before `dropUntilMs` (Unix time). @throws like `list` */
  add(key: SigningKey, options: { dropUntilMs: number }): Promise<void>;
}
