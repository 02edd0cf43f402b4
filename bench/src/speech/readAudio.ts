import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { decodeSound } from '@parley/media/testing';

const run = promisify(execFile);
/** Nine hours. */
const MOST_BYTES = 2 ** 30;

/**
 * A recording as 16 kHz mono. WAV and FLAC are read here; everything else by `ffmpeg`.
 *
 * @throws Error with a plain sentence if the file cannot be read, or there is no `ffmpeg` for it
 */
export async function readAudio(file: string): Promise<Int16Array> {
  const pcm = await decodeSound(await readFile(file)).catch((error: unknown) => {
    throw new Error(`${file} cannot be read. ${error instanceof Error ? error.message : ''}`, { cause: error });
  });
  if (pcm !== undefined) return pcm;
  const flags = ['-v', 'error', '-i', file, '-vn', '-ac', '1', '-ar', '16000', '-f', 's16le', '-'];
  try {
    const { stdout } = await run('ffmpeg', flags, { encoding: 'buffer', maxBuffer: MOST_BYTES });
    return new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + (stdout.length & ~1)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error(`${file} is neither WAV nor FLAC, and other formats need ffmpeg, which is not installed.`);
    }
    throw new Error(`ffmpeg cannot read ${file}.`, { cause: error });
  }
}
