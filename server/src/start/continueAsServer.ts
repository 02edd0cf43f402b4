import type { Settings } from '../config/settings.js';
import { accountOf } from './accountOf.js';
import { StartError } from './StartError.js';

/** What the server keeps of root's rights: ports below 1024. */
const KEPT = ['net_bind_service'];
/** To start child processes with an account of their own, give them their folders, and end them. */
const KEPT_FOR_CHILDREN = ['setuid', 'setgid', 'chown', 'kill'];

/**
 * Where root starts the server and the settings name an account for it, this process goes on with that account: same process id, same
 * arguments, from the beginning. Returns where nothing is to be changed, or has been.
 * @throws StartError `ACCOUNT_UNUSABLE`
 */
export async function continueAsServer({ accounts }: Pick<Settings, 'accounts'>): Promise<void> {
  if (accounts.server === undefined) return;
  const { uid, gid, home } = await accountOf(accounts.server);
  if (uid === process.getuid?.()) return;
  if (process.getuid?.() !== 0) {
    throw new StartError('ACCOUNT_UNUSABLE', `Only root can start the server as ${accounts.server}.`);
  }
  if (process.execve === undefined) {
    throw new StartError('ACCOUNT_UNUSABLE', `Node ${process.version} cannot change the account: use Node 24.`);
  }
  const kept = accounts.children === undefined ? KEPT : [...KEPT, ...KEPT_FOR_CHILDREN];
  const capabilities = ['-all', ...kept.map((name) => `+${name}`)].join(',');
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('XDG_'));
  process.execve(
    '/usr/bin/env',
    [
      'env',
      'setpriv',
      '--no-new-privs',
      // The channel to the set-up, whose end means the server's end, does not outlast this.
      ...(process.channel === undefined ? [] : ['--pdeathsig=TERM']),
      `--reuid=${uid}`,
      `--regid=${gid}`,
      // The supplementary groups let it read what was shared with it, such as certificates.
      '--init-groups',
      `--bounding-set=${capabilities}`,
      `--inh-caps=${capabilities}`,
      `--ambient-caps=${capabilities}`,
      '--',
      process.execPath,
      ...process.execArgv,
      ...process.argv.slice(1),
    ],
    { ...Object.fromEntries(environment), HOME: home, USER: accounts.server, LOGNAME: accounts.server },
  );
}
