import { fstatSync, renameSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** How large a log file gets, and how many old ones are kept beside it. */
export interface Rotation {
  /** In 1,000,000 bytes. */
  maxFileMb: number;
  maxFiles: number;
}

/** What `pino.destination` makes, as far as it is used here. */
export interface OpenFile {
  descriptor: number;
  stream: DestinationStream & { end(): void; flushSync(): void };
}

/**
 * A log file that becomes `FILE.1` when the next line would make it too large; `FILE.1` becomes `FILE.2` and so on, and the oldest goes. Lines
 * are never split, and none is lost: what is not written yet goes to the file that it was meant for. If it cannot be renamed, it goes on
 * growing, says so in a line, and is tried again after as many bytes.
 *
 * Libraries for this open files a moment later; what ends a process in its first moment would then not be in the log.
 */
export class RotatingFile implements DestinationStream {
  readonly #options: { file: string; rotation: Rotation; open: () => OpenFile };
  #current: OpenFile;
  #bytes: number;

  /** @param options.open opens `file` for appending. @throws Error if it cannot be opened */
  constructor(options: { file: string; rotation: Rotation; open: () => OpenFile }) {
    this.#options = options;
    this.#current = options.open();
    this.#bytes = fstatSync(this.#current.descriptor).size;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes > 0 && this.#bytes + bytes > this.#options.rotation.maxFileMb * 1e6) this.#rotate();
    this.#bytes += bytes;
    this.#current.stream.write(line);
  }

  /** For the last words of a process; pino calls it after a fatal error. */
  flushSync(): void {
    this.#current.stream.flushSync();
  }

  #rotate(): void {
    this.#bytes = 0;
    const { file, rotation, open } = this.#options;
    try {
      for (let number = rotation.maxFiles - 1; number >= 0; number--) {
        renameIfThere(number === 0 ? file : `${file}.${number}`, `${file}.${number + 1}`);
      }
      const { stream } = this.#current;
      this.#current = open();
      stream.end();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const line = { level: 50, time: new Date().toISOString(), code, msg: 'this file cannot be rotated' };
      this.#current.stream.write(`${JSON.stringify(line)}\n`);
    }
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
