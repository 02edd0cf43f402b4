import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { decodeSound } from './sound/readSound.js';

const SAMPLE_RATE = 16_000;
/** WAV and FLAC files up to this size are decoded here, in memory. Larger ones would block the process for seconds. */
const MOST_OWN_BYTES = 32 * 1024 * 1024;
const MAGIC_BYTES = 12;
/** The end of what ffmpeg prints, where it says what is wrong. */
const MOST_MESSAGE = 4_096;
/** Playlists and other containers could make ffmpeg open other files and addresses. */
const ONLY_THIS_FILE = ['-protocol_whitelist', 'file,pipe'];

export type RecordingErrorCode =
  /** There is no such file, or this account may not read it. */
  | 'RECORDING_UNREADABLE'
  /** The file has no audio, or is in a format that cannot be decoded. */
  | 'RECORDING_UNSUPPORTED'
  /** The format needs ffmpeg, which is not installed. */
  | 'RECORDING_NEEDS_FFMPEG'
  /** The file is damaged or ends too early. The audio before that was returned. */
  | 'RECORDING_DAMAGED';

export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code: RecordingErrorCode;

  constructor(code: RecordingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Recording {
  /** Undefined if the file does not say. */
  durationMs: number | undefined;
  /** 16 kHz mono, in blocks of any length. Can be read once. @throws RecordingError `RECORDING_DAMAGED` */
  audio: AsyncIterable<Int16Array>;
  /** Ends reading. Idempotent. */
  close(): void;
}

/**
 * Opens a file of any format as 16 kHz mono; several channels become their mean. Small WAV and FLAC files are decoded here, all others by
 * `ffmpeg`, which opens nothing but this file.
 * @param options.ffmpeg default: `ffmpeg` on the PATH
 * @throws RecordingError
 */
export async function openRecording(options: { file: string; ffmpeg?: string }): Promise<Recording> {
  const { file, ffmpeg = 'ffmpeg' } = options;
  if (!(await isOurs(file))) return openWithFfmpeg({ file, ffmpeg });
  const pcm = await decodeSound(await readFile(file)).catch((error: unknown) => {
    throw new RecordingError('RECORDING_DAMAGED', `${file}: ${(error as Error).message}`, { cause: error });
  });
  if (pcm === undefined) return openWithFfmpeg({ file, ffmpeg });
  return {
    durationMs: (pcm.length * 1_000) / SAMPLE_RATE,
    audio: (async function* () {
      yield pcm;
    })(),
    close: () => {},
  };
}

/** Whether a file is a small WAV or FLAC file. @throws RecordingError `RECORDING_UNREADABLE` */
async function isOurs(file: string): Promise<boolean> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error('it is not a file');
    const { buffer } = await handle.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    const magic = buffer.toString('latin1');
    return stat.size <= MOST_OWN_BYTES && (magic.startsWith('fLaC') || magic.startsWith('RIFF'));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const sentence = reason === 'ENOENT' ? 'There is no such file' : `It cannot be read (${reason})`;
    throw new RecordingError('RECORDING_UNREADABLE', `${file}: ${sentence}.`, { cause: error });
  } finally {
    await handle?.close();
  }
}

async function openWithFfmpeg(options: { file: string; ffmpeg: string }): Promise<Recording> {
  const { file, ffmpeg } = options;
  const durationMs = await durationOf(options);
  const child = spawn(
    ffmpeg,
    [
      ...['-nostdin', '-hide_banner', '-v', 'error', ...ONLY_THIS_FILE, '-i', `file:${file}`],
      ...['-vn', '-sn', '-dn', '-map', '0:a:0', '-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le', 'pipe:1'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const message = tailOf(child.stderr);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  exit.catch(() => {});
  return {
    durationMs,
    audio: samplesOf({ file, child, message, exit }),
    close: () => void child.kill('SIGKILL'),
  };
}

async function* samplesOf(options: {
  file: string;
  child: ChildProcessByStdio<null, Readable, Readable>;
  message: () => string;
  exit: Promise<[number | null]>;
}): AsyncGenerator<Int16Array> {
  const { file, child, message, exit } = options;
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const even = bytes.length & ~1;
      rest = Buffer.from(bytes.subarray(even));
      // A copy, because samples must begin at an even address.
      if (even > 0) yield new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + even));
    }
    const [code] = await exit;
    if (code !== 0 || message() !== '') {
      throw new RecordingError(
        'RECORDING_DAMAGED',
        `${file}: The file is damaged or incomplete. ffmpeg says: ${lastLine(message())}`,
      );
    }
  } finally {
    child.kill('SIGKILL');
  }
}

/** ffmpeg describes its input, and then refuses to go on without an output. @throws RecordingError */
async function durationOf(options: { file: string; ffmpeg: string }): Promise<number | undefined> {
  const { file, ffmpeg } = options;
  const child = spawn(ffmpeg, ['-nostdin', '-hide_banner', ...ONLY_THIS_FILE, '-i', `file:${file}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const message = tailOf(child.stderr, 65_536);
  try {
    await once(child, 'close');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new RecordingError(
      'RECORDING_NEEDS_FFMPEG',
      `${file}: This format needs ffmpeg, which is not installed. Install it (Debian: apt install ffmpeg), or convert the file to WAV.`,
    );
  }
  const said = message();
  if (!/^\s*Stream #.*: Audio:/m.test(said)) {
    throw new RecordingError('RECORDING_UNSUPPORTED', `${file}: ffmpeg finds no audio in this file.`);
  }
  const [, hours, minutes, seconds] = /Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)/.exec(said) ?? [];
  if (seconds === undefined) return undefined;
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
}

/** Keeps the end of what a stream says. */
function tailOf(stream: Readable, most = MOST_MESSAGE): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = `${text}${chunk}`.slice(-most);
  });
  return () => text.trim();
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? '';
}
