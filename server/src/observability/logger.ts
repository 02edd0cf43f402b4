import { type DestinationStream, destination, type Logger, pino } from 'pino';

export type { Logger };

/**
 * The process's log: JSON lines on standard error or in a file. What people said, their names, subjects and tokens never go in
 * here; ids do.
 */
export function createLogger(options: { level: string; file?: string }): Logger {
  const stream: DestinationStream = destination(
    options.file === undefined ? { dest: 2, sync: true } : { dest: options.file, mkdir: true, sync: false },
  );
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}
