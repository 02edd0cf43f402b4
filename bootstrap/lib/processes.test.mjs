import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { descendantsOf, killDescendants, startOfProcess } from './processes.mjs';

it('finds children and their children, parents first, and nobody else', () => {
  const table = [
    { pid: 1, parent: 0 },
    { pid: 10, parent: 1 },
    { pid: 12, parent: 11 },
    { pid: 11, parent: 10 },
    { pid: 13, parent: 10 },
    { pid: 20, parent: 1 },
  ];
  expect(descendantsOf(10, table)).toEqual([11, 12, 13]);
  expect(descendantsOf(12, table)).toEqual([]);
});

it('does not follow a process that is its own parent for ever', () => {
  expect(descendantsOf(0, [{ pid: 0, parent: 0 }])).toEqual([]);
});

it('ends what a child has started together with the child', async () => {
  const script = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    process.stdout.write(String(child.pid) + '\\n');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [printed] = await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  killDescendants(child.pid, 'SIGKILL');
  child.kill('SIGKILL');
  await ended;
  await expect.poll(() => isRunning(Number(printed))).toBe(false);
});

it.runIf(process.platform === 'linux')('tells when a process started, and nothing of one that is not there', () => {
  expect(startOfProcess(process.pid)).toMatch(/^\d+$/);
  expect(startOfProcess(process.pid)).toBe(startOfProcess(process.pid));
  expect(startOfProcess(2 ** 30)).toBe('');
});

/** A process that has ended and was not waited for yet is not running. */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return startOfProcess(pid) !== '' && !isZombie(pid);
  } catch {
    return false;
  }
}

function isZombie(pid) {
  return process.getBuiltinModule('node:fs').readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}
