import { createInterface } from 'node:readline';

/** What `--yes` sets: the answer to every question, for machines where nobody sits. */
export const YES = 'PARLEY_YES';

/**
 * Takes `--yes` out of the arguments, since it is the set-up's alone, and keeps it for the steps and for the set-up in another Node.
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
 * Whether somebody agrees: by `--yes`, at the terminal, or because `CI` is set. Where there is none of these, nobody does.
 * @param {string} question
 * @param {{ env?: NodeJS.ProcessEnv, input?: NodeJS.ReadableStream & { isTTY?: boolean }, output?: NodeJS.WritableStream & { isTTY?: boolean } }} [options]
 * @returns {Promise<boolean>}
 */
export async function agrees(question, { env = process.env, input = process.stdin, output = process.stderr } = {}) {
  // Services that run tests set CI, and nobody sits there.
  const answer = env[YES] ?? env.CI ?? '';
  if (/^(yes|1|true)$/i.test(answer)) return true;
  if (input.isTTY !== true || output.isTTY !== true) return false;
  // Not as a terminal: Ctrl-C then comes as the signal that it is.
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
