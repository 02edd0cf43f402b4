import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const revocationSchema = z.union([
  z.strictObject({ key: z.string(), beforeMs: z.number(), forgetAtMs: z.number() }),
  z.strictObject({ issuer: z.string(), notBeforeMs: z.number() }),
]);

/** What an identity provider has taken back: a sign-in or a person by key, or everything that an issuer made before a moment. */
export type Revocation = z.infer<typeof revocationSchema>;

export interface RevocationFileOptions {
  file: string;
  /** So many entries are kept; the oldest go first. */
  capacity: number;
  /** Why an entry could not be written down; it holds until this process ends all the same. */
  onFailure: (reason: string) => void;
}

/**
 * What was taken back, one JSON line each, so that a restart lets nobody in again whose token has not run out yet. Written at once; what
 * is over is left out when the file is read, and when it has grown to twice its capacity.
 */
export class RevocationFile {
  readonly #options: RevocationFileOptions;
  #entries: Revocation[] = [];

  constructor(options: RevocationFileOptions) {
    this.#options = options;
  }

  /** What still matters. A line that cannot be read, such as one cut off by a power failure, takes no other with it. */
  load({ nowMs }: { nowMs: number }): readonly Revocation[] {
    this.#entries = linesOf(this.#options.file).flatMap((line) => {
      const parsed = revocationSchema.safeParse(jsonOf(line));
      return parsed.success && matters(parsed.data, nowMs) ? [parsed.data] : [];
    });
    this.#compact();
    return this.#entries;
  }

  append(revocation: Revocation): void {
    this.#entries.push(revocation);
    if (this.#entries.length >= this.#options.capacity * 2) this.#compact();
    else this.#write((file) => appendFileSync(file, `${JSON.stringify(revocation)}\n`, { mode: 0o600 }));
  }

  /** Whole or not at all. */
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
    const { file, onFailure } = this.#options;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      how(file);
    } catch (error) {
      onFailure((error as NodeJS.ErrnoException).code ?? 'unknown');
    }
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
