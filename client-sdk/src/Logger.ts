/**
 * Receives the SDK's log messages; `console` works. Messages contain codes, states and ids, never names, tokens or text that people said.
 *
 * @example
 * const client = new ParleyClient({ credentials, logger: console });
 */
export interface Logger {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
}

export const SILENT: Logger = { debug() {}, warn() {} };
