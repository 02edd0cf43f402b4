/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { contrastViolationsOf, prepareAudit, violationsOf } from './support/audit.js';
import { MeetingPage } from './support/MeetingPage.js';
import { ORDINARY_MODEL, PageWire } from './support/PageWire.js';
import { SPEECH } from './support/speech.js';
import { useStage } from './support/useStage.js';

const TEST_TIMEOUT_MS = 180_000;
const SPEECH_TIMEOUT_MS = 60_000;
const JUDGE_TIMEOUT_MS = 10_000;

type Media = NonNullable<Parameters<Page['emulateMedia']>[0]>;
/** By the page's name: what the system asks for. */
const THEMES: Record<string, Media> = {
  light: { colorScheme: 'light', contrast: 'no-preference' },
  dark: { colorScheme: 'dark', contrast: 'no-preference' },
  contrast: { colorScheme: 'light', contrast: 'more' },
};
const SIZES = {
  'on a desk': { width: 1_280, height: 800 },
  'on a phone': { width: 390, height: 844 },
  'on a phone on its side': { width: 844, height: 390 },
  'on the smallest phone': { width: 360, height: 640 },
};
const VIEWS = Object.entries(SIZES).flatMap(([size, viewport]) => [
  { size, viewport, warned: true },
  { size, viewport, warned: false },
]);

/** Its microphone hears somebody who never stops for long. */
const scene = useStage({ sounds: [SPEECH.contract, { silenceMs: 700 }, SPEECH.call, { silenceMs: 700 }] });

/** @param options.warned whether the model is one that the page has to warn of: most of the time there is nothing to notice */
async function openPage(options: {
  room: string;
  viewport: { width: number; height: number };
  warned: boolean;
}): Promise<MeetingPage> {
  const context = await scene.stage.newContext(scene.browser);
  if (!options.warned) await PageWire.between(context, { model: ORDINARY_MODEL });
  await prepareAudit(context);
  const meeting = await MeetingPage.open({ context, url: `${scene.stage.url}/?room=${options.room}` });
  await meeting.page.setViewportSize(options.viewport);
  return meeting;
}

/** Judges what the page shows, in every theme. */
async function expectNoViolations(options: { page: Page; what: string; check?: (page: Page) => Promise<string[]> }) {
  const { page, what, check = violationsOf } = options;
  for (const [theme, media] of Object.entries(THEMES)) {
    await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
    await page.locator(`html[data-theme="${theme}"]`).waitFor({ state: 'attached' });
    await transitionsOver(page);
    // Text comes and rows move while axe looks, and it takes a place of before for one of now: what is wrong stays wrong.
    await expect.poll(() => check(page), { timeout: JUDGE_TIMEOUT_MS, message: `${what}, ${theme}` }).toEqual([]);
    expect(await overflow(page), `${what}, ${theme}: pixels beside the page`).toBe(0);
  }
}

/** What is half way between two colours would be judged as it is. */
function transitionsOver(page: Page): Promise<void> {
  return page.evaluate(async () => {
    // They begin with the frame that shows the change.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const ending = document
      .getAnimations()
      .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
    // One that is taken away is over, too.
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
}

/** How far the page can be scrolled to the side. */
function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}

describe('everybody can use', () => {
  it.each(VIEWS)(
    'the lobby, the meeting and its settings $size, in every theme, warned of the model: $warned',
    async ({ size, viewport, warned }) => {
      const room = `room-${viewport.width}-${warned}`;
      const meeting = await openPage({ room, viewport, warned });
      const { page } = meeting;
      await meeting.microphoneAnswered();
      await meeting.get('name-input').fill('Ada');
      await expect.poll(() => meeting.get('join-button').isEnabled()).toBe(true);
      expect(await meeting.get('demo-banner').count()).toBe(warned ? 1 : 0);
      await expectNoViolations({ page, what: `lobby ${size}` });

      await meeting.join({ name: 'Ada', room });
      await meeting.get('caption').first().waitFor({ timeout: SPEECH_TIMEOUT_MS });
      expect(await meeting.get('demo-banner').count()).toBe(warned ? 1 : 0);
      await expectNoViolations({ page, what: `meeting ${size}` });
      await meeting.get('caption').first().waitFor({ timeout: SPEECH_TIMEOUT_MS });
      const captions = (shown: Page) => contrastViolationsOf(shown, { testId: 'captions' });
      await expectNoViolations({ page, what: `captions ${size}`, check: captions });

      if ((await meeting.get('transcript-list').count()) === 0) await meeting.get('transcript-button').click();
      await meeting.get('segment').first().waitFor({ timeout: SPEECH_TIMEOUT_MS });
      await expectNoViolations({ page, what: `transcript ${size}` });

      await meeting.get('settings-button').click();
      await meeting.get('mode-select').waitFor();
      await meeting.get('room-languages-select').selectOption('fr');
      await meeting.get('room-languages-add').click();
      await meeting.get('room-language').waitFor();
      await expectNoViolations({ page, what: `settings ${size}` });
      expect(meeting.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});
