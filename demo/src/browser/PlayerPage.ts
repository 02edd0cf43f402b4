import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, JSHandle, Page } from 'playwright-core';
import { DemoError } from '../DemoError.js';
import type {
  Joined,
  JoinOptions,
  PlaybackEnd,
  PlaybackStart,
  PlayerAction,
  PlayerApi,
  ReceivedAudio,
  Span,
  TranscriptEvent,
} from '../player/api.js';

const SCRIPT = fileURLToPath(new URL('../player/player.js', import.meta.url));
const PAGE_PATH = '/demo-player';
const SCRIPT_PATH = '/demo-player/player.js';
const TRACK_PATH = '/demo-player/track';
const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Player</title><link rel="icon" href="data:,">
<script src="${SCRIPT_PATH}"></script></html>`;

export interface PlayerPageOptions {
  browser: Browser;
  serverUrl: string;
  /** Played by `joinAsSpeaker`. */
  audioFile?: string;
  /** Called with the transcript as it reaches the page. */
  onTranscript?: (event: TranscriptEvent) => void;
}

/**
 * A participant without a screen: a page in its own browser profile that speaks a file or listens, on the client SDK. The page has the
 * server's origin, which the server requires of every page, but is served from here.
 */
export class PlayerPage {
  readonly page: Page;
  readonly #context: BrowserContext;
  #player: JSHandle<PlayerApi> | undefined;
  #failure: string | undefined;

  private constructor(options: { page: Page; context: BrowserContext }) {
    this.page = options.page;
    this.#context = options.context;
  }

  /** @throws {DemoError} if the page's script is not built */
  static async create(options: PlayerPageOptions): Promise<PlayerPage> {
    await access(SCRIPT).catch((error: unknown) => {
      throw new DemoError('The player page is not built. Run npm run build.', { cause: error });
    });
    const context = await options.browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true });
    try {
      const player = new PlayerPage({ context, page: await context.newPage() });
      await player.#open(options);
      return player;
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  /** The first error on the page outside a call, as a sentence. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** @throws {DemoError} if the server cannot be reached or refuses */
  async joinAsSpeaker(options: JoinOptions): Promise<Joined> {
    const join = { ...options, audioUrl: TRACK_PATH };
    return this.#handle.evaluate((player, speaker) => player.joinAsSpeaker(speaker), join).catch(refusal(options));
  }

  /** @throws {DemoError} if the server cannot be reached or refuses */
  async joinAsListener(options: JoinOptions): Promise<Joined> {
    return this.#handle.evaluate((player, join) => player.joinAsListener(join), options).catch(refusal(options));
  }

  soundOf(spans: Span[]): Promise<Span[]> {
    return this.#handle.evaluate((player, options) => player.soundOf(options), { spans });
  }

  startAt(epochMs: number): Promise<PlaybackStart> {
    return this.#handle.evaluate((player, start) => player.startAt(start), { epochMs });
  }

  ended(): Promise<PlaybackEnd> {
    return this.#handle.evaluate((player) => player.ended());
  }

  received(): Promise<ReceivedAudio> {
    return this.#handle.evaluate((player) => player.received());
  }

  /** Runs an action of the SDK at that Unix time, accurate to about a millisecond. */
  actAt(options: { action: PlayerAction; epochMs: number }): Promise<void> {
    return this.#handle.evaluate((player, act) => player.actAt(act), options);
  }

  leave(): Promise<void> {
    return this.#handle.evaluate((player) => player.leave());
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  async #open({ serverUrl, audioFile, onTranscript }: PlayerPageOptions): Promise<void> {
    const { page } = this;
    const { origin } = new URL(serverUrl);
    const fail = (message: string) => {
      this.#failure ??= message;
    };
    page.on('pageerror', (error) => fail(error.message));
    page.on('crash', () => fail('The page crashed.'));
    await page.route(`${origin}${PAGE_PATH}`, (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
    await page.route(`${origin}${SCRIPT_PATH}`, (route) =>
      route.fulfill({ contentType: 'text/javascript', path: SCRIPT }),
    );
    if (audioFile !== undefined) {
      await page.route(`${origin}${TRACK_PATH}`, (route) =>
        route.fulfill({ contentType: 'application/octet-stream', path: audioFile }),
      );
    }
    await page.exposeFunction('parleyPlayerFailure', fail);
    if (onTranscript !== undefined) await page.exposeFunction('parleyPlayerTranscript', onTranscript);
    await page.goto(`${origin}${PAGE_PATH}`);
    this.#player = (await page.evaluateHandle('window.parleyPlayer')) as JSHandle<PlayerApi>;
  }

  get #handle(): JSHandle<PlayerApi> {
    if (this.#player === undefined) throw new Error('the page is not open');
    return this.#player;
  }
}

/** An error of the SDK comes from the page as text; its sentence is what people want to read. */
function refusal({ displayName }: JoinOptions): (error: unknown) => never {
  return (error) => {
    const sentence = /(?:Parley|Connection|Authentication|Permission|Limit|Media|Input|Server)Error: (.+)/.exec(
      error instanceof Error ? error.message : '',
    )?.[1];
    if (sentence === undefined) throw error;
    throw new DemoError(`${displayName} cannot join: ${sentence}`, { cause: error });
  };
}
