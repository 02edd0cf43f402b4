import { chownSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ChildAccount, type ChildLauncher, childLauncher, runLaunched } from '@parley/media/process';
import type { Logger } from '../observability/logger.js';
import { accountOf } from './accountOf.js';
import { StartError } from './StartError.js';

/** What child processes may do, and what they need for it. Without an account of their own, only `launcher` does anything. */
export interface ChildRights {
  launcher: ChildLauncher;
  /** A folder that only children write to has another name for each account: what one wrote, the next could not replace. */
  folderName(name: string): string;
  /** Makes a folder theirs, and makes it first if it is missing. */
  giveAway(folder: string): void;
  /** Makes it this process's own again, so that it can be removed. */
  takeBack(folder: string): void;
  /** @throws StartError `ACCOUNT_UNUSABLE` if they cannot read one of these files and folders, or Node and this program */
  check(paths: readonly string[]): Promise<void>;
}

/**
 * Takes rights away from child processes as far as the system allows. That is less than wanted where util-linux is missing, which is logged;
 * an account that was asked for is a condition.
 * @param account that they run with; undefined: that of this process
 * @throws StartError `ACCOUNT_UNUSABLE`
 */
export async function childRights(options: { account: string | undefined; logger: Logger }): Promise<ChildRights> {
  const { account: name, logger } = options;
  if (name !== undefined) return rightsOf({ name, account: await separateAccount(name) });
  const launcher = childLauncher();
  const problem = await problemOf(launcher);
  if (problem !== undefined) {
    logger.warn(
      { reason: problem },
      'child processes keep all rights of this account: setpriv and prlimit do not work',
    );
  }
  return {
    launcher: problem === undefined ? launcher : [],
    folderName: (folder) => folder,
    giveAway: () => {},
    takeBack: () => {},
    check: async () => {},
  };
}

function rightsOf({ name, account }: { name: string; account: ChildAccount }): ChildRights {
  const launcher = childLauncher({ account });
  return {
    launcher,
    folderName: (folder) => `${folder}-${name}`,
    giveAway: (folder) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chownSync(folder, account.uid, account.gid);
    },
    takeBack: (folder) => chownSync(folder, process.getuid?.() ?? 0, process.getgid?.() ?? 0),
    check: async (paths) => {
      const needed = [process.execPath, fileURLToPath(import.meta.resolve('@parley/media/node')), ...paths];
      const unreadable = await runLaunched(launcher, ['sh', '-c', PRINT_UNREADABLE, 'sh', ...needed]);
      if (unreadable === '') return;
      throw new StartError(
        'ACCOUNT_UNUSABLE',
        `The account ${name} cannot read ${unreadable.trim().split('\n').join(', ')}. Allow it, or move it: PARLEY_CACHE is where Node, the addon and the models are.`,
      );
    },
  };
}

const PRINT_UNREADABLE = 'for path do test -r "$path" || printf "%s\\n" "$path"; done';

async function separateAccount(name: string): Promise<ChildAccount> {
  const account = await accountOf(name);
  if (account.uid === 0 || account.uid === process.getuid?.()) {
    throw new StartError('ACCOUNT_UNUSABLE', `accounts.children is ${name}: choose an account that nothing else uses.`);
  }
  const problem = await problemOf(childLauncher({ account }));
  if (problem === undefined) return account;
  throw new StartError(
    'ACCOUNT_UNUSABLE',
    `Child processes cannot be given the account ${name} (${problem}). deploy/README.md says how to allow it.`,
  );
}

async function problemOf(launcher: ChildLauncher): Promise<string | undefined> {
  try {
    await runLaunched(launcher, ['true']);
    return undefined;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    return (stderr === '' ? message : stderr).trim().split('\n')[0];
  }
}
