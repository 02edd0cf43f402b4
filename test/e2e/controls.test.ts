import { ERROR_REGISTRY } from '@parley/client-sdk/protocol';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MeetingPage } from './support/MeetingPage.js';
import { Stage } from './support/Stage.js';
import { wavOf } from './support/speech.js';

const TEST_TIMEOUT_MS = 120_000;
const SECRET = 'a secret for two';

let stage: Stage;
/** Its microphone hears nothing. */
let browser: Browser;
beforeAll(async () => {
  stage = await Stage.create({ joinSecret: SECRET });
  const decoder = await stage.launch();
  browser = await stage.launchWithMicrophone(await wavOf({ browser: decoder, sounds: [{ silenceMs: 2_000 }] }));
  await decoder.close();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

/** By an invitation, which brings room and secret along. */
async function enter(name: string, room: string): Promise<MeetingPage> {
  const url = `${stage.url}/?room=${room}#secret=${encodeURIComponent(SECRET)}`;
  const meeting = await MeetingPage.open({ context: await stage.newContext(browser), url });
  await meeting.join({ name, room });
  return meeting;
}

describe('the controls of the meeting page', () => {
  it(
    'mute and unmute by button and by key, on both pages at once',
    async () => {
      const ada = await enter('Ada', 'controls');
      const ben = await enter('Ben', 'controls');
      const muted = (page: MeetingPage) => page.participant('Ada').getAttribute('data-muted');

      await ada.get('mute-button').click();
      await expect.poll(() => muted(ben)).toBe('true');
      expect(await ada.get('mute-button').getAttribute('aria-pressed')).toBe('true');
      await ada.page.locator('body').press('m');
      await expect.poll(() => muted(ben)).toBe('false');
      await expect.poll(() => muted(ada)).toBe('false');

      await ada.get('leave-button').click();
      await ada.get('join-button').waitFor();
      await expect.poll(() => ben.get('participant').count()).toBe(1);
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'can all be reached by keyboard alone',
    async () => {
      const ada = await enter('Ada', 'keyboard');
      const reached = new Set<string>();
      for (let i = 0; i < 8; i++) {
        await ada.page.keyboard.press('Tab');
        reached.add(await ada.page.evaluate<string>("document.activeElement?.dataset.testid ?? ''"));
      }
      expect([...reached]).toEqual(expect.arrayContaining(['mute-button', 'leave-button', 'microphone-select']));
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'ask for the join secret where the address did not bring it, and let in who knows it',
    async () => {
      const meeting = await MeetingPage.open({ context: await stage.newContext(browser), url: stage.url });
      await meeting.microphoneAnswered();
      await meeting.fill({ name: 'Ada', room: 'secret' });
      await meeting.get('join-button').click();
      await expect
        .poll(() => meeting.get('error').allTextContents())
        .toContain(ERROR_REGISTRY.JOIN_SECRET_REQUIRED.message);
      await meeting.get('secret-input').fill(SECRET);
      await meeting.get('join-button').click();
      await meeting.participant('Ada').waitFor();
      expect(meeting.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});
