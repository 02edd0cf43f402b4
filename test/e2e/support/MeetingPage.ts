/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

const JOIN_TIMEOUT_MS = 20_000;

/** One state of a caption in the page. */
export interface ShownSegment {
  id: string;
  status: string;
  participantId: string;
  speaker: string;
  text: string;
}

declare global {
  interface Window {
    shownSegments: ShownSegment[];
  }
}

/** The meeting page of the server, as a person uses it. */
export class MeetingPage {
  readonly page: Page;
  /** Errors of the page: on the console, and exceptions. */
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
  }

  static async open(options: { context: BrowserContext; url: string }): Promise<MeetingPage> {
    const page = await options.context.newPage();
    const meeting = new MeetingPage(page);
    await page.addInitScript(watchSegments);
    await page.goto(options.url);
    return meeting;
  }

  /** All elements of a kind on the page: `participant`, `segment`, `error` ... */
  get(testId: string): Locator {
    return this.page.getByTestId(testId);
  }

  async fill(options: { name: string; room: string }): Promise<void> {
    await this.get('name-input').fill(options.name);
    await this.get('room-input').fill(options.room);
  }

  /** Fills in the form, presses the button and waits until the page shows its own participant. */
  async join(options: { name: string; room: string }): Promise<void> {
    await this.microphoneAnswered();
    await this.fill(options);
    await this.get('join-button').click();
    await this.participant(options.name).first().waitFor({ timeout: JOIN_TIMEOUT_MS });
  }

  /** A join before the browser has granted or refused the microphone is a join without one. */
  async microphoneAnswered(): Promise<void> {
    const named = this.get('microphone-select').locator('option:not([value=""], [value="listen-only"])');
    await named.or(this.get('microphone-error')).first().waitFor({ state: 'attached', timeout: JOIN_TIMEOUT_MS });
  }

  participant(name: string): Locator {
    return this.get('participant').filter({ hasText: name });
  }

  async participantId(name: string): Promise<string> {
    const id = await this.participant(name).first().getAttribute('data-participant-id');
    expect(id, `the participant id of ${name}`).toBeTruthy();
    return id ?? '';
  }

  /** Captions in the page now. */
  segments(): Promise<ShownSegment[]> {
    return this.page.evaluate(() =>
      Array.from(document.querySelectorAll('[data-testid="segment"]'), (element) => ({
        id: element.getAttribute('data-segment-id') ?? '',
        status: element.getAttribute('data-status') ?? '',
        participantId: element.getAttribute('data-participant-id') ?? '',
        speaker: element.querySelector('[data-testid="segment-speaker"]')?.textContent ?? '',
        text: element.querySelector('[data-testid="segment-text"]')?.textContent ?? '',
      })),
    );
  }

  async finals(): Promise<ShownSegment[]> {
    return (await this.segments()).filter(({ status }) => status === 'final');
  }

  /** Every state of every caption since the page was opened, in order. */
  history(): Promise<ShownSegment[]> {
    return this.page.evaluate(() => window.shownSegments);
  }
}

/** Runs in the page before its own scripts. */
function watchSegments(): void {
  window.shownSegments = [];
  const newest = new Map<string, string>();
  const look = () => {
    for (const element of document.querySelectorAll('[data-testid="segment"]')) {
      const shown = {
        id: element.getAttribute('data-segment-id') ?? '',
        status: element.getAttribute('data-status') ?? '',
        participantId: element.getAttribute('data-participant-id') ?? '',
        speaker: element.querySelector('[data-testid="segment-speaker"]')?.textContent ?? '',
        text: element.querySelector('[data-testid="segment-text"]')?.textContent ?? '',
      };
      const state = JSON.stringify(shown);
      if (newest.get(shown.id) === state) continue;
      newest.set(shown.id, state);
      window.shownSegments.push(shown);
    }
  };
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
  });
}
