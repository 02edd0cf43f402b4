/** A key that room tokens are signed with. */
export interface SigningKey {
  kid: string;
  /** Unix time. */
  createdAtMs: number;
  /** Private half as a JWK (RFC 7517). */
  key: Record<string, unknown>;
}

/** The keys of room tokens. `conformance/signingKeyStoreSuite.ts` holds every implementation to this. */
export interface SigningKeyStore {
  /** The newest first; empty where there are none yet. @throws where what is kept cannot be read; nothing of it is thrown away then */
  list(): Promise<readonly SigningKey[]>;
  /** Keeps one more, as the newest, and drops those made at `dropUntilMs` (Unix time) or before. @throws as `list` */
  add(key: SigningKey, options: { dropUntilMs: number }): Promise<void>;
}
