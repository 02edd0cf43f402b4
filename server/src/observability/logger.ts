import { destination, type Logger, pino } from 'pino';
import { logFile } from './logFile.js';

export type { Logger };

/**
 * The process's log: JSON lines on standard error or in a file. What people said, their names, subjects and tokens never go in
 * here; ids do.
 */
export function createLogger(options: { level: string; file?: string }): Logger {
  const stream = options.file === undefined ? destination({ dest: 2, sync: true }) : logFile({ file: options.file });
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
