import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { readWav } from './readWav.js';
import { to16k } from './resample.js';

const run = promisify(execFile);
/** Nine hours. */
const MOST_BYTES = 2 ** 30;

/**
 * A recording as 16 kHz mono. WAV is read here; everything else by `ffmpeg`.
 *
 * @throws Error with a plain sentence where the file cannot be read, or where there is no `ffmpeg` for it
 */
export async function readAudio(file: string): Promise<Int16Array> {
  const sound = readWav(await readFile(file));
  if (sound !== undefined) return to16k(sound);
  const flags = ['-v', 'error', '-i', file, '-vn', '-ac', '1', '-ar', '16000', '-f', 's16le', '-'];
  try {
    const { stdout } = await run('ffmpeg', flags, { encoding: 'buffer', maxBuffer: MOST_BYTES });
    return new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + (stdout.length & ~1)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error(`${file} is no WAV file, and other formats need ffmpeg, which is not installed.`);
    }
    throw new Error(`ffmpeg cannot read ${file}.`, { cause: error });
  }
}
