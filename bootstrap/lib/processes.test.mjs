import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { descendantsOf, endDescendants, startOfProcess } from './processes.mjs';

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

it.each([
  ['at once', '', 3_000],
  ['by force where it does not listen', "process.on('SIGTERM', () => {});", 200],
])('ends what a process has started, and not the process itself, %s', async (_how, listening, graceMs) => {
  const grandchild = `${listening} setTimeout(() => {}, 20_000); console.log(process.pid);`;
  const script = `
    require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' });
    setTimeout(() => {}, 20_000);`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(parent, 'exit');
  const [printed] = await once(parent.stdout, 'data');
  const startedAt = performance.now();
  endDescendants(parent.pid, { graceMs });
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  await expect.poll(() => isRunning(Number(printed))).toBe(false);
  expect(isRunning(parent.pid)).toBe(true);
  parent.kill();
  await ended;
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
