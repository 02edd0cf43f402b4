import type { ApiKeyStore } from './ApiKeyStore.js';
import type { RevocationStore } from './RevocationStore.js';
import type { SigningKeyStore } from './SigningKeyStore.js';
import type { TokenRevocationStore } from './TokenRevocationStore.js';

/** The stores for authentication data. */
export interface KeyStores {
  apiKeys: ApiKeyStore;
  /** Of identity providers. */
  revocations: RevocationStore;
  /** Keys of room tokens. */
  signingKeys: SigningKeyStore;
  /** Of room tokens. */
  tokenRevocations: TokenRevocationStore;
}
