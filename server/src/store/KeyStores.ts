import type { ApiKeyStore } from './ApiKeyStore.js';
import type { RevocationStore } from './RevocationStore.js';
import type { SigningKeyStore } from './SigningKeyStore.js';

/** The stores for authentication data. */
export interface KeyStores {
  apiKeys: ApiKeyStore;
  revocations: RevocationStore;
  /** Keys of room tokens. */
  signingKeys: SigningKeyStore;
}
