import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** Resources of the operating system in use by this process and its descendants, without browsers. Linux only. */
export interface ProcessUsage {
  processes: number;
  /** Open files and sockets, by program: `node`, `mediasoup-worker` ... */
  descriptors: Record<string, number>;
}

export async function processUsage(): Promise<ProcessUsage> {
  const usage: ProcessUsage = { processes: 0, descriptors: {} };
  const visit = async (pid: number): Promise<void> => {
    const name = await programName(pid);
    if (name === undefined || /chrom/i.test(name)) return;
    usage.processes += 1;
    usage.descriptors[name] = (usage.descriptors[name] ?? 0) + (await entries(`/proc/${pid}/fd`)).length;
    for (const child of await childrenOf(pid)) await visit(child);
  };
  await visit(process.pid);
  return usage;
}

async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = [];
  for (const thread of await entries(`/proc/${pid}/task`)) {
    const list = await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '');
    children.push(...list.split(' ').filter(Boolean).map(Number));
  }
  return children;
}

async function programName(pid: number): Promise<string | undefined> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return commandLine === undefined ? undefined : basename(commandLine.split('\0')[0] ?? '');
}

/** A process may end meanwhile. */
async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
