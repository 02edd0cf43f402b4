import { readFile, writeFile } from 'node:fs/promises';

/**
 * Where a model's file came from: with Parley, from the publisher or a mirror, from packages of a registry, or named by path or address.
 */
export type ModelSource = 'builtIn' | 'download' | 'packages' | 'file' | 'address';

export interface Provenance {
  source: ModelSource;
  /** An address, or packages with their versions. */
  from?: string;
  /** Lower-case hex, of the file. */
  sha1?: string;
  sha256?: string;
}

/** Written beside a file that is about to get its name. A failure to write it does not matter. */
export async function writeProvenance(path: string, provenance: Provenance): Promise<void> {
  await writeFile(noteOf(path), `${JSON.stringify(provenance)}\n`).catch(() => {});
}

/** @returns undefined if there is no note */
export async function readProvenance(path: string): Promise<Provenance | undefined> {
  try {
    const { source, from } = JSON.parse(await readFile(noteOf(path), 'utf8')) as Record<string, unknown>;
    if (source !== 'download' && source !== 'packages' && source !== 'address') return undefined;
    return { source, ...(typeof from === 'string' ? { from } : {}) };
  } catch {
    return undefined;
  }
}

function noteOf(path: string): string {
  return `${path}.json`;
}
