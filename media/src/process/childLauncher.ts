import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { childEnvironment } from './childEnvironment.js';

/**
 * What a child process is started through: programs with their arguments, to be put before the child's own. Each replaces itself with the
 * next, so that the child has the process id and the pipes of the first. Empty: nothing.
 */
export type ChildLauncher = readonly string[];

/** An account of the system. */
export interface ChildAccount {
  uid: number;
  gid: number;
}

/** Rooms, transports and connections of a large server stay below it, and a child that leaks ends here. */
const MOST_DESCRIPTORS = 65_536;
/** Processes and threads of an account that only our children use; they need some 50. */
const MOST_TASKS = 1_024;

/**
 * A launcher that takes rights away: no new privileges by setuid programs, no core dumps, a bounded number of descriptors. With an account,
 * the child has that account's rights alone: its group, no other groups, no capabilities, and a bounded number of processes. Address space
 * is not bounded: V8 and ONNX Runtime reserve far more than they use.
 *
 * The programs are util-linux's `setpriv` and `prlimit`, because they act before any code of the child runs, and on all of its threads.
 * @param options.descriptors that the system allows this process, its hard limit; more is not asked for
 */
export function childLauncher(options: { account?: ChildAccount; descriptors?: number } = {}): ChildLauncher {
  const { account, descriptors = descriptorLimit() } = options;
  const most = Math.min(descriptors, MOST_DESCRIPTORS);
  return [
    'setpriv',
    '--no-new-privs',
    ...(account === undefined
      ? []
      : [
          `--reuid=${account.uid}`,
          `--regid=${account.gid}`,
          '--clear-groups',
          '--inh-caps=-all',
          '--ambient-caps=-all',
        ]),
    '--',
    'prlimit',
    '--core=0:0',
    `--nofile=${most}:${most}`,
    ...(account === undefined ? [] : [`--nproc=${MOST_TASKS}:${MOST_TASKS}`]),
    '--',
  ];
}

/**
 * Runs a program through a launcher, to see whether that works or what a child may do.
 * @returns what it printed
 * @throws Error with what it printed as an error
 */
export async function runLaunched(launcher: ChildLauncher, command: readonly string[]): Promise<string> {
  const [program = 'true', ...args] = [...launcher, ...command];
  const { stdout } = await promisify(execFile)(program, args, { env: childEnvironment(), timeout: 10_000 });
  return stdout;
}

/** What cannot be told is what the system gives by default everywhere. */
function descriptorLimit(): number {
  try {
    const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return hard === 'unlimited' ? MOST_DESCRIPTORS : Number(hard ?? 1_024);
  } catch {
    return 1_024;
  }
}
