import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const EXAMPLES = fileURLToPath(new URL('../../../client-sdk/examples/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** One of the SDK's examples, started as in its README. */
export class Example {
  readonly #child: ChildProcess;
  #output = '';
  #errors = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
  }

  /**
   * @param options.args of Node: a script of the examples' folder, or one of the repository, with its arguments
   * @param options.ready printed when it is up; its first group, if any, is the value of `started`
   */
  static async start(options: {
    args: readonly string[];
    env?: Record<string, string>;
    ready: RegExp;
  }): Promise<{ example: Example; started: string }> {
    const child = spawn(process.execPath, options.args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const example = new Example(child);
    try {
      return { example, started: await example.#printed(options.ready) };
    } catch (error) {
      await example.close();
      throw error;
    }
  }

  static script(path: string): string {
    return `${EXAMPLES}${path}`;
  }

  /** Lines that it has printed. */
  get lines(): string[] {
    return this.#output.split('\n').filter((line) => line !== '');
  }

  /** @returns its exit code, once it has ended; null for one that was ended by a signal */
  ended(): Promise<number | null> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return Promise.resolve(exitCode);
    return new Promise((resolve) => this.#child.once('exit', resolve));
  }

  /** Ends it. @returns as `ended` */
  close(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.ended();
  }

  #printed(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the example ${why}\n${this.#output}${this.#errors}`));
      const timer = setTimeout(() => fail('is not up in time'), START_TIMEOUT_MS);
      const look = () => {
        const match = pattern.exec(`${this.#output}${this.#errors}`);
        if (match === null) return;
        clearTimeout(timer);
        resolve(match[1] ?? match[0]);
      };
      this.#child.stdout?.on('data', look);
      this.#child.stderr?.on('data', look);
      this.#child.once('error', (error) => fail(error.message));
      this.#child.once('exit', (code) => fail(`ended with ${code}`));
    });
  }
}
