import { fchmodSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination } from 'pino';

const OTHERS = 0o007;

/**
 * A stream that appends to a file, creating the file and its folder, for its owner only. An existing file keeps the rights of owner and
 * group; other accounts lose theirs. Opens it synchronously: otherwise a process that fails right after its start would crash because the
 * file is not open yet, instead of logging the reason.
 * @throws Error if it cannot be written
 */
export function logFile({ file }: { file: string }): DestinationStream {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, 'a', 0o600);
  closeToOthers(descriptor);
  return destination({ dest: descriptor, sync: false });
}

function closeToOthers(descriptor: number): void {
  const stat = fstatSync(descriptor);
  // A terminal or a pipe belongs to somebody else, and so may the file: its owner has said who reads it then.
  if (!stat.isFile() || (stat.mode & OTHERS) === 0 || stat.uid !== process.getuid?.()) return;
  fchmodSync(descriptor, stat.mode & 0o777 & ~OTHERS);
}
