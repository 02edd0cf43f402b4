/// <reference lib="dom" />
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepareAudit, violationsOf } from './support/audit.js';
import { MeetingPage } from './support/MeetingPage.js';
import { SPEECH } from './support/speech.js';
import { useStage } from './support/useStage.js';

const TEST_TIMEOUT_MS = 180_000;
const SPEECH_TIMEOUT_MS = 30_000;
const PHONE = { width: 360, height: 640 };
const DESK = { width: 1_100, height: 800 };
/** A sentence and its pause come round in less. */
const ROUND_MS = 8_000;

const scene = useStage({ settings: { consent: { version: '2026-11' } } });
/** Its microphone hears somebody who says the same sentence again and again. */
let talking: Browser;
beforeAll(async () => {
  talking = await scene.stage.launchHearing([SPEECH.contract, { silenceMs: 1_500 }]);
}, 60_000);

type Entry = { browser: Browser; name: string; room: string; locale?: string };

async function open({ browser, room, locale = 'en' }: Entry): Promise<MeetingPage> {
  const context = await scene.stage.newContext(browser, { locale });
  await prepareAudit(context);
  return MeetingPage.open({ context, url: `${scene.stage.url}/?room=${room}` });
}

async function enter(entry: Entry): Promise<MeetingPage> {
  const meeting = await open(entry);
  await meeting.join(entry);
  return meeting;
}

/** Presses the button, which leads to the step before the meeting. */
async function enterUpToConsent(entry: Entry): Promise<MeetingPage> {
  const meeting = await open(entry);
  await meeting.microphoneAnswered();
  await meeting.fill(entry);
  await meeting.get('join-button').click();
  await meeting.get('consent-step').waitFor();
  return meeting;
}

/** What is wrong with what a page shows, on a desk and on a small phone. */
async function expectNoProblems(meeting: MeetingPage): Promise<void> {
  const { page } = meeting;
  for (const size of [PHONE, DESK]) {
    await page.setViewportSize(size);
    // Colours fade.
    await expect.poll(() => violationsOf(page), { message: `${size.width} pixels` }).toEqual([]);
    const beside = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(beside, `pixels beside the page of ${size.width}`).toBe(0);
  }
  // It is closed on a phone.
  await meeting.get('transcript-button').click();
}

const finalsOf = async (meeting: MeetingPage) => (await meeting.finals()).length;
const gap = (meeting: MeetingPage, reason: string) => meeting.page.locator(`[data-reason="${reason}"]`);
const isPressed = (meeting: MeetingPage) => meeting.get('record-button').getAttribute('aria-pressed');
/** Nothing is written meanwhile: no word, not even for a moment. */
async function expectSilence(meeting: MeetingPage): Promise<void> {
  // What was being said is finished first.
  await expect.poll(async () => (await meeting.segments()).filter(({ status }) => status === 'interim').length).toBe(0);
  const before = (await meeting.history()).length;
  await meeting.page.waitForTimeout(ROUND_MS);
  expect(await meeting.history()).toHaveLength(before);
}

describe('off the record on the meeting page', () => {
  it(
    'H11 stops the transcription of a participant until they end it, seen by everybody, also after a reload',
    async () => {
      const room = 'aside';
      const ada = await enter({ browser: scene.browser, name: 'Ada', room });
      const ben = await enter({ browser: talking, name: 'Ben', room });
      await expect.poll(() => finalsOf(ada), { timeout: SPEECH_TIMEOUT_MS }).toBeGreaterThan(0);
      await ben.get('record-button').click();
      await expect.poll(() => isPressed(ben)).toBe('true');
      await ben.get('off-the-record-notice').waitFor();
      await ada.participant('Ben').getByTestId('off-the-record').waitFor();
      await expectSilence(ada);
      expect(await ada.participant('Ben').getAttribute('data-muted')).toBe('false');
      await expectNoProblems(ben);
      await expectNoProblems(ada);

      await ben.page.reload();
      await ben.join({ name: 'Ben', room });
      await expect.poll(() => isPressed(ben)).toBe('true');
      await expectSilence(ada);
      // One span for each of Ben's connections.
      await expect.poll(() => gap(ada, 'offTheRecord').count()).toBe(1);
      const before = await finalsOf(ada);
      await ben.get('record-button').click();
      await expect.poll(() => isPressed(ben)).toBe('false');
      await expect.poll(() => gap(ada, 'offTheRecord').count()).toBe(2);
      expect(await gap(ada, 'offTheRecord').first().textContent()).toMatch(/Off the record for \d+ s/);
      await expect.poll(() => finalsOf(ada), { timeout: SPEECH_TIMEOUT_MS }).toBeGreaterThan(before);
      expect(await ada.get('coverage').textContent()).toContain('100 %');
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'H11 stops everybody when a moderator wants it, those who come later included',
    async () => {
      const room = 'everybody';
      const ada = await enter({ browser: scene.browser, name: 'Ada', room });
      await ada.get('moderation-button').click();
      await ada.get('room-record-switch').click();
      await expect.poll(() => ada.get('room-record-switch').isChecked()).toBe(true);
      await expectNoProblems(ada);
      await ada.get('moderation-button').press('Escape');
      const ben = await enter({ browser: talking, name: 'Ben', room });
      for (const page of [ada, ben]) {
        await page.get('room-off-the-record').waitFor();
        await page.get('room-off-the-record-notice').waitFor();
      }
      await expectSilence(ada);
      expect(await finalsOf(ada)).toBe(0);
      await ada.get('moderation-button').click();
      await ada.get('room-record-switch').click();
      await expect.poll(() => ben.get('room-off-the-record').count()).toBe(0);
      await expect.poll(() => finalsOf(ada), { timeout: SPEECH_TIMEOUT_MS }).toBeGreaterThan(0);
      // One for each of both, who could have spoken.
      expect(await gap(ada, 'offTheRecord').count()).toBe(2);
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('consent on the meeting page', () => {
  it(
    'H11 is asked for where a moderator requires it: nothing is written before, and nothing after it is withdrawn',
    async () => {
      const room = 'consent';
      const ada = await enter({ browser: scene.browser, name: 'Ada', room });
      await ada.get('moderation-button').click();
      await ada.get('consent-switch').click();
      await expect.poll(() => ada.get('consent-switch').isChecked()).toBe(true);
      expect(await ada.get('consent-switch').isDisabled()).toBe(true);
      await ada.get('moderation-button').press('Escape');
      const ben = await enterUpToConsent({ browser: talking, name: 'Ben', room });
      await ben.get('without-consent-button').click();
      await ben.get('consent').waitFor();
      await ada.participant('Ben').getByTestId('no-consent').waitFor();
      await expectSilence(ada);
      expect(await finalsOf(ada)).toBe(0);
      await expectNoProblems(ben);
      await ben.get('agree-button').click();
      await expect.poll(() => ben.get('consent').count()).toBe(0);
      await expect.poll(() => finalsOf(ada), { timeout: SPEECH_TIMEOUT_MS }).toBeGreaterThan(0);
      expect(await gap(ada, 'noConsent').count()).toBe(1);

      await ben.get('settings-button').click();
      await ben.get('withdraw-consent-button').click();
      await ben.get('consent').waitFor({ state: 'attached' });
      await expect.poll(() => ben.get('withdraw-consent-button').count()).toBe(0);
      await expectSilence(ada);
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'H11 is a step of joining, before which nobody is heard: one agrees, or goes back',
    async () => {
      const room = 'step';
      const ada = await enter({ browser: scene.browser, name: 'Ada', room });
      await ada.get('moderation-button').click();
      await ada.get('consent-switch').click();
      await ada.get('moderation-button').press('Escape');
      const ben = await enterUpToConsent({ browser: talking, name: 'Ben', room, locale: 'de' });
      expect(await ben.get('consent-step').textContent()).toMatch(/Bevor Sie teilnehmen.*Ich stimme zu/s);
      expect(await ben.get('join-button').isVisible()).toBe(false);
      await ben.page.setViewportSize(PHONE);
      expect(await violationsOf(ben.page)).toEqual([]);
      await ben.get('leave-step-button').click();
      await ben.get('join-button').waitFor();
      await expect.poll(() => ada.participant('Ben').count()).toBe(0);
      expect(await ben.get('error').count()).toBe(0);

      await ben.get('join-button').click();
      await ben.get('agree-button').click();
      await ben.participant('Ada').waitFor();
      expect(await ben.get('consent').count()).toBe(0);
      await expect.poll(() => finalsOf(ada), { timeout: SPEECH_TIMEOUT_MS }).toBeGreaterThan(0);
      expect(await gap(ada, 'noConsent').count()).toBe(0);
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it.each(['de', 'fr', 'ar'])(
    'H11 and off the record speak %s, and are easy to use there',
    async (locale) => {
      const room = `words-${locale}`;
      const ada = await enter({ browser: scene.browser, name: 'Ada', room, locale });
      const notEnglish = async (shown: string) =>
        expect(await ada.get(shown).first().textContent(), shown).toMatch(/^(?!.*(record|transcribed|agree)).+/);
      await ada.get('record-button').click();
      for (const shown of ['off-the-record-notice', 'off-the-record', 'record-button']) await notEnglish(shown);
      await expectNoProblems(ada);
      await ada.get('record-button').click();
      await ada.get('moderation-button').click();
      await ada.get('consent-switch').click();
      for (const shown of ['consent', 'agree-button', 'no-consent']) await notEnglish(shown);
      await ada.get('moderation-button').press('Escape');
      await expectNoProblems(ada);
    },
    TEST_TIMEOUT_MS,
  );
});
