import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, JSHandle, Page } from 'playwright-core';
import { DemoError } from '../DemoError.js';
import type {
  Joined,
  JoinOptions,
  PlaybackEnd,
  PlaybackStart,
  PlayerApi,
  PlayerEvent,
  ReceivedAudio,
  Span,
} from '../player/api.js';

const SCRIPT = fileURLToPath(new URL('../player/player.js', import.meta.url));
const PAGE_PATH = '/demo-player';
const SCRIPT_PATH = '/demo-player/player.js';
const TRACK_PATH = '/demo-player/track';
const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Player</title><link rel="icon" href="data:,">
<script src="${SCRIPT_PATH}"></script></html>`;

/**
 * A participant without a screen: a page of its own browser profile that speaks a file or listens, on the client SDK. The page
 * has the server's origin, as the server asks of every page, but is served from here.
 */
export class PlayerPage {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #player: JSHandle<PlayerApi>;

  private constructor(options: { page: Page; context: BrowserContext; player: JSHandle<PlayerApi> }) {
    this.page = options.page;
    this.#context = options.context;
    this.#player = options.player;
  }

  /**
   * @param options.audioFile what `joinAsSpeaker` plays
   * @param options.onEvent the transcript as it reaches a listener, and failures of the page's connection
   */
  static async create(options: {
    browser: Browser;
    serverUrl: string;
    audioFile?: string;
    onEvent?: (event: PlayerEvent) => void;
  }): Promise<PlayerPage> {
    await access(SCRIPT).catch((error: unknown) => {
      throw new DemoError('The player page is not built. Run npm run build.', { cause: error });
    });
    const { origin } = new URL(options.serverUrl);
    const context = await options.browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true });
    try {
      const page = await context.newPage();
      await page.route(`${origin}${PAGE_PATH}`, (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
      await page.route(`${origin}${SCRIPT_PATH}`, (route) =>
        route.fulfill({ contentType: 'text/javascript', path: SCRIPT }),
      );
      const { audioFile } = options;
      if (audioFile !== undefined) {
        await page.route(`${origin}${TRACK_PATH}`, (route) =>
          route.fulfill({ contentType: 'application/octet-stream', path: audioFile }),
        );
      }
      await page.exposeFunction('parleyPlayerEvent', (event: PlayerEvent) => options.onEvent?.(event));
      await page.goto(`${origin}${PAGE_PATH}`);
      const player = (await page.evaluateHandle('window.parleyPlayer')) as JSHandle<PlayerApi>;
      return new PlayerPage({ page, context, player });
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  joinAsSpeaker(options: JoinOptions): Promise<Joined> {
    return this.#player.evaluate((player, join) => player.joinAsSpeaker(join), { ...options, audioUrl: TRACK_PATH });
  }

  joinAsListener(options: JoinOptions): Promise<Joined> {
    return this.#player.evaluate((player, join) => player.joinAsListener(join), options);
  }

  soundOf(spans: Span[]): Promise<Span[]> {
    return this.#player.evaluate((player, options) => player.soundOf(options), { spans });
  }

  startAt(epochMs: number): Promise<PlaybackStart> {
    return this.#player.evaluate((player, start) => player.startAt(start), { epochMs });
  }

  ended(): Promise<PlaybackEnd> {
    return this.#player.evaluate((player) => player.ended());
  }

  received(): Promise<ReceivedAudio> {
    return this.#player.evaluate((player) => player.received());
  }

  leave(): Promise<void> {
    return this.#player.evaluate((player) => player.leave());
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
