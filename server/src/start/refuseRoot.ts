import type { Settings } from '../config/settings.js';
import { StartError } from './StartError.js';

/**
 * A server that reads what strangers send has no business with an administrator's rights, nor have its child processes, which have the rights
 * of the account that starts it.
 * @throws StartError `RUNNING_AS_ROOT`
 */
export function refuseRoot({ allowRoot }: Pick<Settings, 'allowRoot'>, uid = process.getuid?.()): void {
  if (uid !== 0 || allowRoot) return;
  throw new StartError(
    'RUNNING_AS_ROOT',
    'Parley does not run as root. Start it with an account of its own, as deploy/parley.service does, or name one with --accounts-server; for a trial, allow it with --allow-root.',
  );
}
