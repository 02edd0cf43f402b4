import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { DemoError } from './DemoError.js';

/** Options as Node reads them. @throws {DemoError} with Node's complaint as one sentence */
export function readOptions<const T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    throw new DemoError(`${sentence}. See --help.`, { cause: error });
  }
}
