import { z } from 'zod';
import { covers, type TokenRevocation, type TokenRevocationStore } from '../TokenRevocationStore.js';
import { readKeyFile, versionOf, whenLocked, writeKeyFile } from './keyFile.js';

const revocationsSchema = z.array(
  z.union([
    z.strictObject({ mintedBy: z.string(), tokenId: z.string(), forgetAtMs: z.number() }),
    z.strictObject({ mintedBy: z.string(), beforeMs: z.number(), forgetAtMs: z.number() }),
  ]),
);

/** Revoked room tokens in a file that the command line and running servers share and change, one at a time. */
export class FileTokenRevocationStore implements TokenRevocationStore {
  readonly #file: string;
  #version: string | undefined;
  #revocations: TokenRevocation[] = [];

  constructor(options: { file: string }) {
    this.#file = options.file;
  }

  /** @throws z.ZodError or SyntaxError if the file contains something else */
  async list({ nowMs }: { nowMs: number }): Promise<readonly TokenRevocation[]> {
    return this.#read().filter(({ forgetAtMs }) => forgetAtMs > nowMs);
  }

  async add(revocation: TokenRevocation, { nowMs }: { nowMs: number }): Promise<void> {
    await whenLocked(this.#file, () => {
      const kept = this.#read().filter((old) => old.forgetAtMs > nowMs && !covers(revocation, old));
      const revocations = [...kept, revocation];
      writeKeyFile(this.#file, revocations);
      this.#revocations = revocations;
      this.#version = versionOf(this.#file);
    });
  }

  #read(): TokenRevocation[] {
    const version = versionOf(this.#file);
    if (version === undefined || version !== this.#version) {
      this.#revocations = revocationsSchema.parse(readKeyFile(this.#file) ?? []);
      this.#version = version;
    }
    return this.#revocations;
  }
}
