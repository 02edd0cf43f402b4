import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ChildAccount } from '@parley/media/process';
import { StartError } from './StartError.js';

/** Ids, own group and home of an account, wherever the system knows it from. @throws StartError `ACCOUNT_UNUSABLE` */
export async function accountOf(name: string): Promise<ChildAccount & { home: string }> {
  try {
    const { stdout } = await promisify(execFile)('getent', ['passwd', name]);
    const [, , uid, gid, , home = '/'] = stdout.trim().split(':');
    return { uid: Number(uid), gid: Number(gid), home };
  } catch (error) {
    throw new StartError('ACCOUNT_UNUSABLE', `This system has no account ${name}. Create it with useradd --system.`, {
      cause: error,
    });
  }
}
