/// <reference lib="dom" />
import type { Browser, Page } from 'playwright-core';
import { DemoError } from '../DemoError.js';

const INTERACTIVE_TIMEOUT_MS = 30_000;

/** The cost of opening the meeting page for the first time. */
export interface FirstLoad {
  requests: number;
  /** On the wire, including headers of answers, until the network was quiet. */
  transferredBytes: number;
  /** From the start of the navigation until a name could be entered and the form was painted. */
  interactiveMs: number;
}

declare global {
  interface Window {
    parleyInteractiveMs?: number;
  }
}

/**
 * Opens the page with an empty cache.
 *
 * @throws {DemoError} if the form does not appear within half a minute
 */
export async function measureFirstLoad(options: { browser: Browser; serverUrl: string }): Promise<FirstLoad> {
  const context = await options.browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    const traffic = await countTraffic(page);
    await page.addInitScript(noticeForm);
    await page.goto(options.serverUrl);
    const form = await page
      .waitForFunction(() => window.parleyInteractiveMs, undefined, { timeout: INTERACTIVE_TIMEOUT_MS })
      .catch((cause: unknown) => {
        throw new DemoError('The meeting page shows no form that takes a name.', { cause });
      });
    const interactiveMs = (await form.jsonValue()) ?? 0;
    await page.waitForLoadState('networkidle');
    return { ...traffic, interactiveMs };
  } finally {
    await context.close();
  }
}

/** Keeps counting into the object that it returns. */
async function countTraffic(page: Page): Promise<{ requests: number; transferredBytes: number }> {
  const traffic = { requests: 0, transferredBytes: 0 };
  const session = await page.context().newCDPSession(page);
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    traffic.requests += 1;
    traffic.transferredBytes += encodedDataLength;
  });
  await session.send('Network.enable');
  return traffic;
}

/** Runs in the page before its own scripts. */
function noticeForm(): void {
  const observer = new MutationObserver(() => {
    const field = document.querySelector<HTMLInputElement>('[data-testid="name-input"]');
    const button = document.querySelector('[data-testid="join-button"]');
    if (field === null || field.disabled || button === null) return;
    observer.disconnect();
    // After the frame that shows it, and after everything else that the page was about to do at once.
    requestAnimationFrame(() =>
      setTimeout(() => {
        window.parleyInteractiveMs = performance.now();
      }),
    );
  });
  observer.observe(document, { subtree: true, childList: true, attributes: true });
}
