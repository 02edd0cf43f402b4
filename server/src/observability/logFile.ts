import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination } from 'pino';

/**
 * A stream that appends to a file, creating the file and its folder. Opens it synchronously: otherwise a process that fails right after its
 * start would crash because the file is not open yet, instead of logging the reason.
 * @throws Error if it cannot be written
 */
export function logFile(options: { file: string; mode?: number }): DestinationStream {
  const { file, mode = 0o666 } = options;
  mkdirSync(dirname(file), { recursive: true });
  return destination({ dest: openSync(file, 'a', mode), sync: false });
}
