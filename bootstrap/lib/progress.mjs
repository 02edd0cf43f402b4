/** One line per step: what it does, how far it is, how long it took, and why it failed. */

const ANSI = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/**
 * @param {{ stream?: NodeJS.WriteStream, env?: Record<string, string | undefined>, now?: () => number }} [options]
 */
export function createProgress({ stream = process.stderr, env = process.env, now = () => performance.now() } = {}) {
  const live = stream.isTTY === true && env.TERM !== 'dumb';
  // no-color.org: set and not empty.
  const colours = live && !env.NO_COLOR;
  const paint = (/** @type {keyof typeof ANSI} */ name, /** @type {string} */ text) =>
    colours ? `\u001b[${ANSI[name]}m${text}\u001b[0m` : text;
  const rewrite = (/** @type {string} */ text) => stream.write(`\r\u001b[2K${text}`);

  /**
   * Runs one step. The `detail` that it returns is shown on its line; a step that had nothing to do stays silent with `quiet`.
   * @template {{ detail?: string, quiet?: boolean, warning?: string } | undefined | void} T
   * @param {string} name
   * @param {(report: (fraction: number | undefined, text: string) => void) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async function step(name, work) {
    const startedAt = now();
    let lastQuarter = -1;
    if (live) rewrite(`${paint('cyan', '…')} ${name}`);
    const report = (/** @type {number | undefined} */ fraction, /** @type {string} */ text) => {
      const percent = fraction === undefined ? '' : ` ${Math.round(fraction * 100)} %`;
      if (live) {
        rewrite(`${paint('cyan', '…')} ${name} ${paint('dim', `${text}${percent}`)}`);
      } else if (fraction === undefined || Math.floor(fraction * 4) > lastQuarter) {
        lastQuarter = fraction === undefined ? lastQuarter : Math.floor(fraction * 4);
        stream.write(`  … ${name}: ${text}${percent}\n`);
      }
    };
    try {
      const result = await work(report);
      const duration = paint('dim', durationText(now() - startedAt));
      if (live) rewrite('');
      if (result?.warning !== undefined)
        stream.write(lineOf(`${paint('yellow', '!')} ${name}`, result.warning, duration));
      else if (result?.quiet !== true) stream.write(lineOf(`${paint('green', '✓')} ${name}`, result?.detail, duration));
      return result;
    } catch (error) {
      if (live) rewrite('');
      stream.write(`${paint('red', '✗')} ${name}  ${paint('dim', durationText(now() - startedAt))}\n`);
      throw error;
    }
  }

  /** @param {string} text on its own line, replacing what a step has written so far */
  function line(text) {
    if (live) rewrite('');
    stream.write(`${text}\n`);
  }

  return { step, paint, line };
}

/** @param {(string | undefined)[]} parts */
function lineOf(...parts) {
  return `${parts.filter((part) => part !== undefined && part !== '').join('  ')}\n`;
}

/** @param {number} ms */
export function durationText(ms) {
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
