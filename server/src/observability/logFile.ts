import { fchmodSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination } from 'pino';
import { type OpenFile, RotatingFile, type Rotation } from './RotatingFile.js';

const OTHERS = 0o007;

/**
 * A stream that appends to a file, creating the file and its folder, for its owner only. An existing file keeps the rights of owner and
 * group; other accounts lose theirs. Opens it synchronously: otherwise a process that fails right after its start would crash because the
 * file is not open yet, instead of logging the reason.
 * @param options.rotation default: none. Terminals, pipes and devices are never rotated
 * @throws Error if it cannot be written
 */
export function logFile(options: { file: string; rotation?: Rotation | undefined }): DestinationStream {
  const { file, rotation } = options;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const open = () => openForAppending(file);
  if (rotation === undefined || statSync(file, { throwIfNoEntry: false })?.isFile() === false) return open().stream;
  return new RotatingFile({ file, rotation, open });
}

function openForAppending(file: string): OpenFile {
  const descriptor = openSync(file, 'a', 0o600);
  closeToOthers(descriptor);
  return { descriptor, stream: destination({ dest: descriptor, sync: false }) };
}

function closeToOthers(descriptor: number): void {
  const stat = fstatSync(descriptor);
  // A terminal or a pipe belongs to somebody else, and so may the file: its owner has said who reads it then.
  if (!stat.isFile() || (stat.mode & OTHERS) === 0 || stat.uid !== process.getuid?.()) return;
  fchmodSync(descriptor, stat.mode & 0o777 & ~OTHERS);
}
