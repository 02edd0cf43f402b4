import type { FileHandle } from 'node:fs/promises';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

export async function isFile(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined;
}

/** @returns undefined if there is no such file */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}

/** A stream into a file that is already open: if the stream opened it later, it might create a removed file again. */
export async function writeStreamTo(path: string, flags: 'w' | 'a'): Promise<Writable> {
  return (await open(path, flags)).createWriteStream();
}

export async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Removes everything in a folder with one of these prefixes. @returns whether there was anything */
export async function removeBeginning(directory: string, beginnings: readonly string[]): Promise<boolean> {
  const names = await readdir(directory).catch((): string[] => []);
  const found = names.filter((name) => beginnings.some((beginning) => name.startsWith(beginning)));
  for (const name of found) await rm(join(directory, name), { recursive: true, force: true });
  return found.length > 0;
}
