import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '@parley/demo';
import { type SettingsInput, startServer } from '@parley/server';
import { resourcesOf } from '@parley/server/testing';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect, type TestContext, vi } from 'vitest';
import { httpsGet } from '../../support/httpsGet.js';
import { type Sound, wavOf } from './speech.js';

/** The last words take a while to become text after everyone has left. */
const SETTLED_TIMEOUT_MS = 20_000;
/** Silence is sent every 400 ms only: this much of the end of a track may never have been reported. */
const UNSENT_MS = 500;
const RESULTS = fileURLToPath(new URL('../../../test-results/', import.meta.url));

type Server = Awaited<ReturnType<typeof startServer>>;

/** A server on free ports, and the browsers of a test file. All of it is gone after `close`. */
export class Stage {
  readonly server: Server;
  readonly #folder: string;
  readonly #browsers = new Set<Browser>();
  /** The ledgers when they were last checked, and since when. */
  #looked = { totalMs: 0, atMs: performance.now() };
  #played = { ms: 0, speakers: 0 };

  private constructor(options: { server: Server; folder: string }) {
    this.server = options.server;
    this.#folder = options.folder;
  }

  /** @param differing settings, or a function of the stage's own folder, that differ from a server on free ports with the built-in model */
  static async create(
    differing: SettingsInput | ((folder: string) => SettingsInput | Promise<SettingsInput>) = {},
  ): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
    try {
      const settings = typeof differing === 'function' ? await differing(folder) : differing;
      const server = await startServer({
        settings: {
          port: 0,
          media: { port: 0 },
          model: 'parley-nano',
          dataDir: join(folder, 'data'),
          log: { level: 'warn' },
          ...settings,
        },
      });
      return new Stage({ server, folder });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get url(): string {
    return this.server.url;
  }

  get auditFile(): string {
    return join(this.#folder, 'data', 'audit.log');
  }

  async launch(options: { flags?: readonly string[] } = {}): Promise<Browser> {
    const browser = await launchChromium(options);
    this.#browsers.add(browser);
    return browser;
  }

  /** A browser whose microphone plays a WAV file over and over, from when a page opens it. Pages need not ask for it. */
  async launchWithMicrophone(wav: Buffer): Promise<Browser> {
    const file = join(this.#folder, `microphone-${this.#browsers.size}.wav`);
    await writeFile(file, wav);
    return this.launch({
      flags: [
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-audio-capture=${file}`,
      ],
    });
  }

  /** A browser whose microphone plays these sounds; see `launchWithMicrophone`. */
  async launchHearing(sounds: readonly Sound[]): Promise<Browser> {
    const decoder = await this.launch();
    const wav = await wavOf({ browser: decoder, sounds });
    await decoder.close();
    return this.launchWithMicrophone(wav);
  }

  /** A separate browser profile: what a page stores is visible only to pages of the same context. */
  async newContext(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const viewport = { width: 1_100, height: 800 };
    return browser.newContext({ ignoreHTTPSErrors: true, viewport, ...options });
  }

  /**
   * Reports how much audio the test has sent, by another clock than the server's: that much must be in its ledgers when everyone has left,
   * and no more than this many speakers can have sent in the time. A silent microphone sends, too.
   */
  played(audio: { ms: number; speakers?: number }): void {
    const { ms, speakers = 1 } = audio;
    this.#played = { ms: this.#played.ms + ms * speakers, speakers: this.#played.speakers + speakers };
  }

  /** For `afterEach`: keeps pictures of a failed test's pages, closes every profile, and checks the server's ledgers. */
  async afterEach({ task }: TestContext): Promise<void> {
    const contexts = [...this.#browsers].flatMap((browser) => browser.contexts());
    const pages = contexts.flatMap((context) => context.pages());
    if (task.result?.state === 'fail') await keepPictures({ name: task.name, pages });
    await Promise.all(contexts.map((context) => context.close()));
    await this.#checkBooks();
  }

  async close(): Promise<void> {
    try {
      const contexts = [...this.#browsers].flatMap((browser) => browser.contexts());
      await Promise.all(contexts.map((context) => context.close()));
      await this.#checkBooks();
    } finally {
      await Promise.all([...this.#browsers].map((browser) => browser.close()));
      await this.server.close();
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  /** Where all audio that this server has received went: milliseconds by class, speech without text by `shed` and its reason. */
  async books(): Promise<Map<string, number>> {
    const { body } = await httpsGet(new URL('/metrics', this.url));
    const lines = body.matchAll(/^parley_audio_ledger_ms\{class="(\w+)",reason="(\w*)"\} (\S+)$/gmu);
    return new Map(Array.from(lines, ([, name, reason, value]) => [`${name} ${reason}`.trim(), Number(value)]));
  }

  /**
   * Nothing is lost silently: played audio is in the ledgers, all of it is decided once everyone has left, and every millisecond is in
   * exactly one class.
   */
  async #checkBooks(): Promise<void> {
    const { ms, speakers } = this.#played;
    this.#played = { ms: 0, speakers: 0 };
    // `expect.poll` works only inside tests.
    await vi.waitFor(
      async () => {
        expect(await resourcesOf(this.server)).toMatchObject({ peers: 0, pipelines: 0 });
        expect((await this.books()).get('pending')).toBe(0);
      },
      { timeout: SETTLED_TIMEOUT_MS, interval: 100 },
    );
    const { total = Number.NaN, ...classes } = Object.fromEntries(await this.books());
    expect(Object.values(classes).reduce((sum, value) => sum + value, 0)).toBe(total);
    const before = this.#looked;
    this.#looked = { totalMs: total, atMs: performance.now() };
    if (speakers === 0) return;
    const heardMs = total - before.totalMs;
    expect(heardMs).toBeGreaterThan(ms - speakers * UNSENT_MS);
    expect(heardMs).toBeLessThan(speakers * (this.#looked.atMs - before.atMs));
  }
}

/** Writes something to look at after a run, e.g. measured values. */
export async function keepResult(options: { name: string; content: string }): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, options.name), options.content);
}

async function keepPictures(options: { name: string; pages: readonly Page[] }): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const name = options.name.replace(/[^a-z0-9]+/gi, '-').slice(0, 80);
  for (const [index, page] of options.pages.entries()) {
    // A page that hangs must not hide the failure that it caused.
    await page.screenshot({ path: join(RESULTS, `${name}-${index + 1}.png`), timeout: 5_000 }).catch(() => undefined);
  }
}
