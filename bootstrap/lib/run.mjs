import { spawn } from 'node:child_process';
import { killDescendants } from './processes.mjs';

/** npm passes on a signal that has come to the whole group already: the same one within this time is one. */
const SAME_SIGNAL_MS = 500;

/**
 * Runs a program, quietly. Rejects with the tail of what it printed.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, tailLines?: number }} [options]
 * @returns {Promise<string>} what it printed, the last 64 kB
 */
export function run(program, args, { cwd, env, tailLines = 25 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (/** @type {string} */ chunk) => {
      output = (output + chunk).slice(-65_536);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => reject(new Error(`${program} cannot be started: ${error.message}`, { cause: error })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else {
        reject(
          new Error(
            `${program} ${args[0] ?? ''} ended with ${signal ?? `code ${code}`}:\n${excerpt(output, tailLines)}`,
          ),
        );
      }
    });
  });
}

/** Beginning and end: some programs say what is wrong first, others last. @param {string} output @param {number} lines */
export function excerpt(output, lines) {
  const all = output.trimEnd().split('\n');
  const head = Math.floor(lines / 4);
  return all.length <= lines
    ? all.join('\n')
    : [...all.slice(0, head), '  …', ...all.slice(-(lines - head))].join('\n');
}

/**
 * Runs a program in the foreground, with this terminal. A Ctrl-C reaches it by the terminal itself; other signals are passed on.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} its exit code
 */
export function runInForeground(program, args, { cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: 'inherit' });
    // The terminal sends SIGINT to the whole group; a second one from here would be the user's "now!".
    const onInterrupt = oncePerSignal(() => {
      if (process.stdin.isTTY !== true) child.kill('SIGINT');
    });
    const onTerminate = oncePerSignal(() => child.kill('SIGTERM'));
    process.on('SIGINT', onInterrupt);
    process.on('SIGTERM', onTerminate);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** @param {() => void} handle */
function oncePerSignal(handle) {
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - lastAt >= SAME_SIGNAL_MS) handle();
    lastAt = now;
  };
}

/**
 * While the set-up works: an interrupt ends what it has started, and then itself.
 * @returns {() => void} ends that
 */
export function endChildrenOnSignals() {
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    killDescendants(process.pid, 'SIGTERM');
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  // Not `once`: a second one would end this process before it has tidied up.
  process.on('SIGINT', end).on('SIGTERM', end);
  return () => void process.off('SIGINT', end).off('SIGTERM', end);
}
