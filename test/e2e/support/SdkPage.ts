/// <reference lib="dom" />
import { fileURLToPath } from 'node:url';
import type { LocalMicrophone, ParleyClient } from '@parley/client-sdk';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import type { Stage } from './Stage.js';

const ENTRY = fileURLToPath(import.meta.resolve('@parley/client-sdk'));
const PATH = '/sdk-page';
const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><title>SDK</title><link rel="icon" href="data:,">
<script src="${PATH}/sdk.js"></script></html>`;

declare global {
  /** The SDK as in a page that was built with it. */
  const Parley: typeof import('@parley/client-sdk');
  interface Window {
    microphone: LocalMicrophone;
    client: ParleyClient;
    /** Events noted by tests. */
    told: string[];
  }
}

let script: Promise<string> | undefined;

/** A page with only the SDK, as `window.Parley`, on the server's own origin. Tests act in it with `page.evaluate`. */
export async function openSdkPage(options: { stage: Stage; browser: Browser }): Promise<Page> {
  const { origin } = new URL(options.stage.url);
  script ??= bundle();
  const body = await script;
  const context: BrowserContext = await options.browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true });
  const page = await context.newPage();
  await page.route(`${origin}${PATH}`, (route) => route.fulfill({ contentType: 'text/html', body: HTML }));
  await page.route(`${origin}${PATH}/sdk.js`, (route) => route.fulfill({ contentType: 'text/javascript', body }));
  await page.goto(`${origin}${PATH}`);
  await page.evaluate(() => {
    window.told = [];
  });
  return page;
}

async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      write: false,
      minify: false,
      target: 'es2023',
      lib: { entry: ENTRY, formats: ['iife'], name: 'Parley' },
    },
  });
  const [output] = [built].flat();
  const chunk = output !== undefined && 'output' in output ? output.output[0] : undefined;
  if (chunk === undefined) throw new Error('the SDK could not be bundled');
  return chunk.code;
}
