import { readFile } from 'node:fs/promises';
import { decodeFlac } from './decodeFlac.js';
import { readWav } from './readWav.js';
import { to16k } from './to16k.js';

/**
 * A recording as 16 kHz mono: WAV or FLAC of any rate and number of channels, without external programs.
 *
 * @throws Error if the file cannot be read, is damaged, or is in another format
 */
export async function readSound(file: string | URL): Promise<Int16Array> {
  const pcm = await decodeSound(await readFile(file));
  if (pcm === undefined) throw new Error(`${file} is neither a WAV nor a FLAC file.`);
  return pcm;
}

/** The same for a file's bytes. Undefined for another format. @throws Error if it is damaged */
export async function decodeSound(bytes: Uint8Array): Promise<Int16Array | undefined> {
  const sound = readWav(bytes) ?? (await decodeFlac(bytes));
  return sound && to16k(sound);
}
