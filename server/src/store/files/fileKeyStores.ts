import { join } from 'node:path';
import type { KeyStores } from '../KeyStores.js';
import { FileApiKeyStore } from './FileApiKeyStore.js';
import { FileRevocationStore } from './FileRevocationStore.js';
import { FileSigningKeyStore } from './FileSigningKeyStore.js';
import { FileTokenRevocationStore } from './FileTokenRevocationStore.js';

export interface FileKeyStoresOptions {
  dataDir: string;
  /** Revocations kept at most. Default 10,000. */
  mostRevoked?: number;
  /** Called with an error code if the file of revocations could not be compacted. */
  onFailure?: (reason: string) => void;
}

/** Keys in files under `dataDir` that only their owner may read. Creates no file before one is needed. */
export function fileKeyStores(options: FileKeyStoresOptions): KeyStores {
  const { dataDir, mostRevoked = 10_000, onFailure = () => {} } = options;
  const file = (name: string) => join(dataDir, 'keys', name);
  return {
    apiKeys: new FileApiKeyStore({ file: file('api-keys.json') }),
    revocations: new FileRevocationStore({ file: file('revocations.jsonl'), capacity: mostRevoked, onFailure }),
    signingKeys: new FileSigningKeyStore({ file: file('room-tokens.json') }),
    tokenRevocations: new FileTokenRevocationStore({ file: file('revoked-tokens.json') }),
  };
}
