import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Command that starts a process which loads a model and transcribes recordings. */
export interface EngineCommand {
  program: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
}

/** A recording as all engines get it. */
export interface EngineClip {
  /** 32-bit floats, 16 kHz mono, without a header. */
  path: string;
  /** Encoder frames of its window, 50 a second. */
  frames: number;
  /** ISO 639-1. */
  language: string;
  /** Most tokens of its text. */
  maxTokens: number;
}

const loadedSchema = z.object({ loadMs: z.number() });
const heardSchema = z.object({
  melMs: z.number(),
  encodeMs: z.number(),
  decodeMs: z.number(),
  /** In total, including words if requested. */
  totalMs: z.number(),
  /** Decoded tokens, including the end of the text. */
  tokens: z.number(),
  text: z.string(),
});
const allHeardSchema = z.object({ totalMs: z.number(), texts: z.array(z.string()) });

export type Heard = z.infer<typeof heardSchema>;
export type AllHeard = z.infer<typeof allHeardSchema>;

/** Far more than any request takes, even for a large model on a small machine. */
const PATIENCE_MS = 20 * 60_000;
/** From the end of its input to the end of an engine; one that hangs is then killed. */
export const CLOSE_LIMIT_MS = 5_000;
const MOST_COMPLAINT = 2_000;

/**
 * An engine in its own process, so that its memory can be measured. It prints `{"loadMs":...}` once it is ready. After that, a line of text
 * is a request and a line of JSON its answer, one at a time:
 *
 * * `clip FRAMES LANGUAGE MAXTOKENS PATH`: adds a recording with the next number; `{}`
 * * `hear CLIP MAXTOKENS WORDS`: transcribes one recording, greedily and without a second try; `MAXTOKENS` 0: as the recording says;
 *   `WORDS` 1: with the times of words
 * * `all WORDS CLIP...`: transcribes many, in this order, as many at a time as it has lanes
 *
 * It ends with its input, or is killed soon after.
 */
export class EngineProcess {
  readonly loadMs: number;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Lines;
  #clips = 0;

  private constructor(parts: { child: ChildProcessWithoutNullStreams; lines: Lines; loadMs: number }) {
    this.#child = parts.child;
    this.#lines = parts.lines;
    this.loadMs = parts.loadMs;
  }

  /** @throws Error with the output of the process if it does not start */
  static async start({ program, args, env }: EngineCommand): Promise<EngineProcess> {
    const child = spawn(program, args, { stdio: 'pipe', env: { ...process.env, ...env } });
    const lines = new Lines(child, program);
    try {
      const { loadMs } = loadedSchema.parse(await lines.next());
      return new EngineProcess({ child, lines, loadMs });
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** @returns the recording's number */
  async add({ frames, language, maxTokens, path }: EngineClip): Promise<number> {
    await this.#ask(`clip ${frames} ${language} ${maxTokens} ${path}`);
    this.#clips += 1;
    return this.#clips - 1;
  }

  /** @param options.maxTokens default: as the recording says */
  async hear(clip: number, options: { maxTokens?: number; words: boolean }): Promise<Heard> {
    return heardSchema.parse(await this.#ask(`hear ${clip} ${options.maxTokens ?? 0} ${options.words ? 1 : 0}`));
  }

  async hearAll(clips: readonly number[], options: { words: boolean }): Promise<AllHeard> {
    return allHeardSchema.parse(await this.#ask(`all ${options.words ? 1 : 0} ${clips.join(' ')}`));
  }

  /** Its peak memory, in 10^6 bytes; undefined if the system does not report it. */
  async peakMegabytes(): Promise<number | undefined> {
    return peakOf(await readFile(`/proc/${this.#child.pid}/status`, 'utf8').catch(() => ''));
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_LIMIT_MS);
    await this.#lines.ended;
    clearTimeout(timer);
  }

  async #ask(question: string): Promise<unknown> {
    this.#child.stdin.write(`${question}\n`);
    return await this.#lines.next();
  }
}

/** @param status of a process, from Linux's /proc @returns 10^6 bytes */
export function peakOf(status: string): number | undefined {
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : (Number(kibibytes) * 1_024) / 1e6;
}

/** The answers of a process, in order. If the process ends, waiting requests are rejected. */
class Lines {
  /** Settles when the process has ended. */
  readonly ended: Promise<void>;
  readonly #program: string;
  readonly #answers: AsyncIterator<string>;
  readonly #failed: Promise<never>;
  #said = '';

  constructor(child: ChildProcessWithoutNullStreams, program: string) {
    this.#program = program;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-MOST_COMPLAINT);
    });
    // Only means that the process has ended, which is handled below.
    child.stdin.on('error', () => {});
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const { promise: failed, reject } = Promise.withResolvers<never>();
    this.ended = ended;
    this.#failed = failed;
    // There may be no request waiting for it.
    failed.catch(() => {});
    child.on('error', (error) => {
      reject(new Error(`${program} cannot be started: ${error.message}.`, { cause: error }));
      resolve();
    });
    child.on('close', (code, signal) => {
      reject(this.#complaint(`ended with ${signal ?? `code ${code}`}`));
      resolve();
    });
  }

  async next(): Promise<unknown> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(this.#complaint('does not answer')), PATIENCE_MS);
    try {
      const answer = await Promise.race([this.#answers.next(), this.#failed, late]);
      if (answer.done === true) return await this.#failed;
      return JSON.parse(answer.value);
    } finally {
      clearTimeout(timer);
    }
  }

  #complaint(what: string): Error {
    const said = this.#said.trim();
    return new Error(`${this.#program} ${what}${said === '' ? '.' : `: ${said}`}`);
  }
}
