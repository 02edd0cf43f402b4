/**
 * Loaded into programs that the set-up runs in the foreground: if the set-up is killed (SIGKILL), this process ends as if asked to, instead
 * of running on out of control.
 */
import { isMainThread } from 'node:worker_threads';

const OWN_NAME = 'lifeline.mjs';

if (isMainThread && process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
  // Processes that this one forks have their own lifelines.
  const at = process.execArgv.findIndex((argument) => argument.endsWith(OWN_NAME));
  if (at > 0) process.execArgv.splice(at - 1, 2);
}
