import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const POLL_MS = 50;

/**
 * Ends all descendants of a process: build tools do not all end their own children, and npm goes on installing for a while. Returns when
 * all have ended; those that have not within `graceMs` are killed.
 *
 * Blocks, so that nothing else in this process goes on meanwhile, as if a step had merely failed.
 * @param {number} ancestor
 * @param {{ graceMs?: number }} [options] default 3,000
 */
export function endDescendants(ancestor, { graceMs = 3_000 } = {}) {
  /** Remembered, because a child whose parent has ended is no longer a descendant. @type {Set<number>} */
  const found = new Set();
  const deadline = performance.now() + graceMs;
  for (;;) {
    const table = processTable();
    const running = new Set(table.map(({ pid }) => pid));
    for (const pid of descendantsOf(ancestor, table).filter((pid) => !found.has(pid))) {
      found.add(pid);
      sendSignal(pid, 'SIGTERM');
    }
    const left = [...found].filter((pid) => running.has(pid));
    if (left.length === 0) return;
    if (performance.now() >= deadline) {
      for (const pid of left) sendSignal(pid, 'SIGKILL');
      return;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself, or is another user's.
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

/** @returns {{ pid: number, parent: number }[]} running processes, without zombies; empty if the system does not list them */
function processTable() {
  try {
    if (process.platform === 'linux') {
      return readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .flatMap((name) => {
          const fields = statFields(Number(name));
          return fields === undefined || fields[0] === 'Z' ? [] : [{ pid: Number(name), parent: Number(fields[1]) }];
        });
    }
    return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , state = '']) => !state.startsWith('Z'))
      .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
  } catch {
    return [];
  }
}

/**
 * Tells two processes with the same id apart.
 * @param {number} pid
 * @returns {string} when it started, in the system's own unit; '' if unknown
 */
export function startOfProcess(pid) {
  return statFields(pid)?.[19] ?? '';
}

/** Linux's fields of a process from its state on: the name before them may contain anything. @param {number} pid */
function statFields(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
