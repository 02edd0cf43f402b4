/**
 * Loaded into what the set-up runs in the foreground: when the set-up dies without a word (SIGKILL), this process ends as if it
 * had been asked to, instead of serving on with nobody to stop it.
 */
import { isMainThread } from 'node:worker_threads';

const OWN_NAME = 'lifeline.mjs';

if (isMainThread && process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
  // Processes that this one forks have lifelines of their own.
  const at = process.execArgv.findIndex((argument) => argument.endsWith(OWN_NAME));
  if (at > 0) process.execArgv.splice(at - 1, 2);
}
