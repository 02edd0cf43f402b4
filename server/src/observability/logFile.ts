import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination } from 'pino';

/**
 * The end of a file, made with its folder where it is missing. Opened at once: a process that ends right after its start would otherwise
 * find the file not open yet, and crash over that instead of saying why it ends.
 * @throws Error when it cannot be written
 */
export function logFile(options: { file: string; mode?: number }): DestinationStream {
  const { file, mode = 0o666 } = options;
  mkdirSync(dirname(file), { recursive: true });
  return destination({ dest: openSync(file, 'a', mode), sync: false });
}
