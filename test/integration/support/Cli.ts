import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** Its entry. */
export const MAIN = fileURLToPath(new URL('../../../server/dist/cli/main.js', import.meta.url));

/** `parley start` as a process of its own, allowed to run as root. */
export class Cli {
  readonly process: ChildProcess;
  output = '';
  readonly exited: Promise<number | null>;

  /** @param options.node that runs it; this one without */
  constructor(args: readonly string[], options: { env: Record<string, string>; node?: string }) {
    const { env, node = process.execPath } = options;
    this.process = spawn(node, [MAIN, 'start', ...args], {
      env: { ...process.env, PARLEY_ALLOW_ROOT: 'yes', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.output += chunk;
      });
    }
    this.exited = new Promise((resolve) => this.process.once('exit', (code) => resolve(code)));
  }

  async ready(): Promise<string> {
    await expect.poll(() => this.output, { timeout: 30_000 }).toContain('Press Ctrl-C to stop the server');
    return /Address\s+(\S+)/.exec(this.output)?.[1] ?? '';
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }
}

/** Processes below a process, out of /proc. */
export function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent) }];
      } catch {
        return [];
      }
    });
  const children = parents.filter(({ parent }) => parent === pid).map((child) => child.pid);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

export function alive(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  });
}
