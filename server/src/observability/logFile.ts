import { fchmodSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination } from 'pino';

const OTHERS = 0o007;

/**
 * The end of a file, made with its folder where it is missing, for its owner alone. One that is there keeps what its owner and its group may
 * do; other accounts lose their access. Opened at once: a process that ends right after its start would otherwise find the file not open yet,
 * and crash over that instead of saying why it ends.
 * @throws Error when it cannot be written
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
