import { destination, type Logger, pino } from 'pino';
import { logFile } from './logFile.js';
import type { Rotation } from './RotatingFile.js';

export type { Logger };

/** The log of the process: JSON lines on standard error or in a file. Contains ids, but never text, names, subjects or tokens. */
export function createLogger(options: {
  level: string;
  file?: string | undefined;
  rotation?: Rotation | undefined;
}): Logger {
  const { level, file, rotation } = options;
  const stream = file === undefined ? destination({ dest: 2, sync: true }) : logFile({ file, rotation });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
