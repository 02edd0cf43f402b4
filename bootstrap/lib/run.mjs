import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { endDescendants } from './processes.mjs';

/** npm passes on a signal that the whole group already got: the same one within this time counts once. */
const SAME_SIGNAL_MS = 500;
const PARENT_POLL_MS = 500;
const LIFELINE = new URL('./lifeline.mjs', import.meta.url).href;
/** Closing the terminal ends the program in the same orderly way. */
const FORWARDED = /** @type {const} */ ([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGTERM'],
  ['SIGHUP', 'SIGTERM'],
]);

/**
 * Runs a program, quietly. Rejects with the end of its output.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, tailLines?: number }} [options]
 * @returns {Promise<string>} its output, the last 64 kB
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

/** Start and end: some programs say what is wrong first, others last. @param {string} output @param {number} lines */
export function excerpt(output, lines) {
  const all = output.trimEnd().split('\n');
  const head = Math.floor(lines / 4);
  return all.length <= lines
    ? all.join('\n')
    : [...all.slice(0, head), '  …', ...all.slice(-(lines - head))].join('\n');
}

/**
 * Runs a script in the foreground: it has this terminal, and ends when this process is asked to end or dies.
 *
 * It gets its own process group, so that a Ctrl-C or a `kill` of the group reaches it from here, once. Sent to the whole group, it would
 * reach the script two or three times, which means "now!", and the script's own children before the script.
 * @param {string} node the binary to run it with
 * @param {string[]} args script and its arguments
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} its exit code; 128 plus the number of the signal that ended it
 */
export function runInForeground(node, args, { cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, ['--import', LIFELINE, ...args], {
      cwd,
      env,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      detached: true,
    });
    const handlers = FORWARDED.map(([signal, asSignal]) => ({
      signal,
      pass: oncePerSignal(() => child.kill(asSignal)),
    }));
    for (const { signal, pass } of handlers) process.on(signal, pass);
    const stopWatching = onParentGone(() => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      stopWatching();
      for (const { signal: name, pass } of handlers) process.off(name, pass);
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']);
    });
  });
}

/**
 * npm's shell ends at a SIGTERM without passing it on. If npm has started this process, its parent's end means the same.
 * @param {() => void} handle
 * @returns {() => void} ends the watch
 */
function onParentGone(handle) {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    handle();
  }, PARENT_POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
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
 * During the set-up: an interrupt ends the programs that it has started, and then itself.
 * @returns {() => void} removes the handlers
 */
export function endChildrenOnSignals() {
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    endDescendants(process.pid);
    process.exit(128 + constants.signals[signal]);
  };
  // Not `once`: a second signal would end this process before it has cleaned up.
  for (const [signal] of FORWARDED) process.on(signal, end);
  return () => {
    for (const [signal] of FORWARDED) process.off(signal, end);
  };
}
