import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Revocation, RevocationStore } from '../RevocationStore.js';

const revocationSchema = z.union([
  z.strictObject({ key: z.string(), beforeMs: z.number(), forgetAtMs: z.number() }),
  z.strictObject({ issuer: z.string(), notBeforeMs: z.number() }),
]);

export interface FileRevocationStoreOptions {
  file: string;
  /** Maximum number of entries; the oldest are dropped first. */
  capacity: number;
  /** Called with an error code if `load` could not compact the file; nothing is lost then. */
  onFailure?: (reason: string) => void;
}

/**
 * Revocations, one JSON line each. Written at once; outdated entries are dropped when the file is read, and when it has grown to twice its
 * capacity.
 */
export class FileRevocationStore implements RevocationStore {
  readonly #options: FileRevocationStoreOptions;
  #entries: Revocation[] = [];

  constructor(options: FileRevocationStoreOptions) {
    this.#options = options;
  }

  /** An unreadable line, e.g. one cut off by a power failure, does not affect the others. */
  async load({ nowMs }: { nowMs: number }): Promise<readonly Revocation[]> {
    this.#entries = linesOf(this.#options.file).flatMap((line) => {
      const parsed = revocationSchema.safeParse(jsonOf(line));
      return parsed.success && matters(parsed.data, nowMs) ? [parsed.data] : [];
    });
    try {
      this.#compact();
    } catch (error) {
      this.#options.onFailure?.((error as NodeJS.ErrnoException).code ?? 'unknown');
    }
    return [...this.#entries];
  }

  /** @throws the error of writing the file; the entry is written when the file is next compacted */
  async append(revocation: Revocation): Promise<void> {
    this.#entries.push(revocation);
    if (this.#entries.length >= this.#options.capacity * 2) this.#compact();
    else this.#write((file) => appendFileSync(file, `${JSON.stringify(revocation)}\n`, { mode: 0o600 }));
  }

  /** Completely or not at all. */
  #compact(): void {
    const newest = new Map(this.#entries.map((entry) => ['key' in entry ? entry.key : entry.issuer, entry]));
    this.#entries = [...newest.values()].slice(-this.#options.capacity);
    if (this.#entries.length === 0 && linesOf(this.#options.file).length === 0) return;
    this.#write((file) => {
      const temporary = `${file}.${process.pid}.new`;
      writeFileSync(temporary, this.#entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 });
      renameSync(temporary, file);
    });
  }

  #write(how: (file: string) => void): void {
    const { file } = this.#options;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    how(file);
  }
}

function matters(revocation: Revocation, nowMs: number): boolean {
  return 'issuer' in revocation || revocation.forgetAtMs > nowMs;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
