/** One line a step: what is done, how far it is, how long it took, and why it failed. */

const ANSI = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/**
 * @param {{ stream?: NodeJS.WriteStream, env?: Record<string, string | undefined>, now?: () => number }} [options]
 */
export function createProgress({ stream = process.stderr, env = process.env, now = () => performance.now() } = {}) {
  const live = stream.isTTY === true;
  const colours = live && env.NO_COLOR === undefined;
  const paint = (/** @type {keyof typeof ANSI} */ name, /** @type {string} */ text) =>
    colours ? `\u001b[${ANSI[name]}m${text}\u001b[0m` : text;
  const rewrite = (/** @type {string} */ text) => stream.write(`\r\u001b[2K${text}`);

  /**
   * Runs one step. What it returns as `detail` stands on its line; a step without anything to do stays silent when `quiet`.
   * @template {{ detail?: string, quiet?: boolean, warning?: string } | undefined | void} T
   * @param {string} name
   * @param {(report: (fraction: number | undefined, text: string) => void) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async function step(name, work) {
    const startedAt = now();
    let lastTenth = -1;
    if (live) rewrite(`${paint('cyan', '…')} ${name}`);
    const report = (/** @type {number | undefined} */ fraction, /** @type {string} */ text) => {
      const percent = fraction === undefined ? '' : ` ${Math.round(fraction * 100)} %`;
      if (live) {
        rewrite(`${paint('cyan', '…')} ${name} ${paint('dim', `${text}${percent}`)}`);
      } else if (fraction === undefined || Math.floor(fraction * 4) > lastTenth) {
        lastTenth = fraction === undefined ? lastTenth : Math.floor(fraction * 4);
        stream.write(`  … ${name}: ${text}${percent}\n`);
      }
    };
    try {
      const result = await work(report);
      const duration = paint('dim', durationText(now() - startedAt));
      if (live) rewrite('');
      if (result?.warning !== undefined)
        stream.write(`${paint('yellow', '!')} ${name}  ${result.warning}  ${duration}\n`);
      else if (result?.quiet !== true)
        stream.write(`${paint('green', '✓')} ${name}  ${result?.detail ?? ''}  ${duration}\n`);
      return result;
    } catch (error) {
      if (live) rewrite('');
      stream.write(`${paint('red', '✗')} ${name}  ${paint('dim', durationText(now() - startedAt))}\n`);
      throw error;
    }
  }

  return { step, paint, line: (/** @type {string} */ text) => stream.write(`${text}\n`) };
}

/** @param {number} ms */
export function durationText(ms) {
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
