import { createInterface } from 'node:readline';

/** Set by `--yes`: the answer to every question, for unattended machines. */
export const YES = 'PARLEY_YES';

/**
 * Removes `--yes` from the arguments, because only the set-up uses it, and keeps it for the steps and for the set-up in another Node.
 * @param {string[]} args changed in place
 * @param {NodeJS.ProcessEnv} env changed in place
 */
export function takeYes(args, env = process.env) {
  const at = args.indexOf('--yes');
  if (at < 0) return;
  args.splice(at, 1);
  env[YES] = 'yes';
}

/**
 * Whether the user agrees: by `--yes`, at the terminal, or because `CI` is set. Without any of these, the answer is no.
 * @param {string} question
 * @param {{ env?: NodeJS.ProcessEnv, input?: NodeJS.ReadableStream & { isTTY?: boolean }, output?: NodeJS.WritableStream & { isTTY?:
 * boolean } }} [options]
 * @returns {Promise<boolean>}
 */
export async function agrees(question, { env = process.env, input = process.stdin, output = process.stderr } = {}) {
  // Services that run tests set CI; there is no user.
  const answer = env[YES] ?? env.CI ?? '';
  if (/^(yes|1|true)$/i.test(answer)) return true;
  if (input.isTTY !== true || output.isTTY !== true) return false;
  // Not as a terminal: Ctrl-C then arrives as a signal.
  const lines = createInterface({ input, output, terminal: false });
  try {
    const typed = await new Promise((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
      output.write(`  ${question} [y/N] `);
    });
    return /^y(es)?$/i.test(String(typed).trim());
  } finally {
    lines.close();
  }
}
