import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ends everything that a process has started, and what that has started: build tools do not all end their own children.
 * @param {number} ancestor
 * @param {NodeJS.Signals} signal
 */
export function killDescendants(ancestor, signal) {
  const table = processTable();
  const found = descendantsOf(ancestor, table);
  for (const pid of found) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

/**
 * @param {number} ancestor
 * @param {{ pid: number, parent: number }[]} table
 * @returns {number[]} parents before their children
 */
export function descendantsOf(ancestor, table) {
  const children = table.filter((entry) => entry.parent === ancestor && entry.pid !== ancestor);
  return children.flatMap(({ pid }) => [pid, ...descendantsOf(pid, table)]);
}

/** @returns {{ pid: number, parent: number }[]} empty where the system does not tell */
function processTable() {
  try {
    if (process.platform === 'linux') {
      return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .flatMap((name) => {
          const fields = statFields(Number(name));
          return fields === undefined ? [] : [{ pid: Number(name), parent: Number(fields[1]) }];
        });
    }
    return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .map(([pid = 0, parent = 0]) => ({ pid, parent }));
  } catch {
    return [];
  }
}

/**
 * Tells two processes of one number apart.
 * @param {number} pid
 * @returns {string} when it started, in the system's own count; '' where the system does not tell
 */
export function startOfProcess(pid) {
  return statFields(pid)?.[19] ?? '';
}

/** Linux's fields of a process from its state on: the name before them may hold anything. @param {number} pid */
function statFields(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
