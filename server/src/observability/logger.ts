import { destination, type Logger, pino } from 'pino';
import { logFile } from './logFile.js';

export type { Logger };

/** The log of the process: JSON lines on standard error or in a file. Contains ids, but never text, names, subjects or tokens. */
export function createLogger(options: { level: string; file?: string }): Logger {
  const stream = options.file === undefined ? destination({ dest: 2, sync: true }) : logFile({ file: options.file });
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
