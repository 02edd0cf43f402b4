import type { ApiKeyStore } from './ApiKeyStore.js';
import type { RevocationStore } from './RevocationStore.js';
import type { SigningKeyStore } from './SigningKeyStore.js';

/** What a server stores to decide who may come in. */
export interface KeyStores {
  apiKeys: ApiKeyStore;
  revocations: RevocationStore;
  /** Of room tokens. */
  signingKeys: SigningKeyStore;
}
