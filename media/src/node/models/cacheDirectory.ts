import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder for models and build results: `PARLEY_CACHE`, else `~/.cache/parley`. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return env.PARLEY_CACHE || join(homedir(), '.cache', 'parley');
}
