import type { Grant } from '@parley/client-sdk/protocol';
import type { Identity } from './Authenticator.js';

/** May issue tokens for guests: an API key, or the identity provider's service account. */
export interface Minter {
  /** For the audit log. */
  id: string;
  rooms: '*' | readonly string[];
  grants: readonly Grant[];
}

/** Owner of a bearer token: an integrator, limited to its rooms, or a person. */
export type Bearer = { minter: Minter } | { identity: Identity };
