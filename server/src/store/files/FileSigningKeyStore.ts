import { z } from 'zod';
import type { SigningKey, SigningKeyStore } from '../SigningKeyStore.js';
import { readKeyFile, writeKeyFile } from './keyFile.js';

const keysSchema = z.array(
  z.object({ kid: z.string(), createdAtMs: z.number(), key: z.record(z.string(), z.unknown()) }),
);

/** Keys of room tokens in a file that one server uses. The first `add` creates it. */
export class FileSigningKeyStore implements SigningKeyStore {
  readonly #file: string;

  constructor(options: { file: string }) {
    this.#file = options.file;
  }

  /** @throws z.ZodError or SyntaxError if the file contains something else */
  async list(): Promise<readonly SigningKey[]> {
    return this.#read();
  }

  /** @throws as `list`, or the error of writing the file */
  async add(key: SigningKey, { dropUntilMs }: { dropUntilMs: number }): Promise<void> {
    const kept = this.#read().filter(({ createdAtMs }) => createdAtMs > dropUntilMs);
    writeKeyFile(this.#file, [key, ...kept]);
  }

  #read(): SigningKey[] {
    return keysSchema.parse(readKeyFile(this.#file) ?? []);
  }
}
