import type { Grant } from '@parley/client-sdk/protocol';
import type { Identity } from './Authenticator.js';

/** Who may make tokens for guests: an API key, or the identity provider's service account. */
export interface Minter {
  /** For the audit log. */
  id: string;
  rooms: '*' | readonly string[];
  grants: readonly Grant[];
}

/** Whose bearer token something came with: an integrator's, for its rooms, or a person's. */
export type Bearer = { minter: Minter } | { identity: Identity };
