/**
 * Where the SDK tells what it does; `console` fits. It is given codes, states and ids, never names, tokens or what was said.
 *
 * @example
 * const client = new ParleyClient({ credentials, logger: console });
 */
export interface Logger {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
}

export const SILENT: Logger = { debug() {}, warn() {} };
