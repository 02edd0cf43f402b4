/// <reference lib="dom" />
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { prepareAudit, violationsOf } from './support/audit.js';
import { MeetingPage } from './support/MeetingPage.js';
import { useStage } from './support/useStage.js';

const TEST_TIMEOUT_MS = 60_000;
const PHONE = { width: 360, height: 640 };

const scene = useStage();

async function open(room: string, hash = ''): Promise<MeetingPage> {
  const context = await scene.stage.newContext(scene.browser);
  await prepareAudit(context);
  await context.grantPermissions(['clipboard-read', 'clipboard-write', 'microphone']);
  return MeetingPage.open({ context, url: `${scene.stage.url}/?room=${room}${hash}` });
}

async function enter(name: string, room: string, hash = ''): Promise<MeetingPage> {
  const meeting = await open(room, hash);
  await meeting.join({ name, room });
  return meeting;
}

/** Presses the button without waiting for the room. */
async function ask(name: string, room: string): Promise<MeetingPage> {
  const meeting = await open(room);
  await meeting.microphoneAnswered();
  await meeting.fill({ name, room });
  await meeting.get('join-button').click();
  return meeting;
}

/** What is wrong with what a page shows on a small phone. */
async function problemsOnPhone(page: Page): Promise<string[]> {
  await page.setViewportSize(PHONE);
  const violations = await violationsOf(page);
  const beside = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return [...violations, ...(beside > 0 ? [`${beside} pixels beside the page`] : [])];
}

const focused = (page: Page) => page.evaluate<string>("document.activeElement?.dataset.testid ?? ''");
const mutedBy = (watcher: MeetingPage) => watcher.participant('Ben').getAttribute('data-muted-by-moderator');
const copied = ({ page }: MeetingPage) => page.evaluate(() => navigator.clipboard.readText());

describe('moderation on the meeting page', () => {
  it(
    'H12 mutes until it is lifted, seen by the muted one, who asks to speak; and removes for good, whatever the new name',
    async () => {
      const ada = await enter('Ada', 'holding');
      const ben = await enter('Ben', 'holding');
      await ada.get('you-moderate').waitFor();
      await ben.get('mute-button').focus();
      await ada.participant('Ben').getByTestId('participant-menu').click();
      await ada.get('mute-other-button').click();
      await ben.get('muted-by-moderator').waitFor();
      await expect.poll(() => mutedBy(ada)).toBe('true');
      expect(await ben.get('mute-button').count()).toBe(0);
      // The focus was on the button that is gone.
      await expect.poll(() => focused(ben.page)).toBe('ask-button');
      await ben.page.locator('body').press('m');
      expect(await problemsOnPhone(ben.page)).toEqual([]);

      await ben.get('ask-button').click();
      await ada.get('asks-to-speak').waitFor();
      expect(await ben.get('ask-button').getAttribute('aria-pressed')).toBe('true');
      expect(await problemsOnPhone(ada.page)).toEqual([]);
      await ada.get('let-speak-button').click();
      await ben.get('mute-lifted').waitFor();
      await expect.poll(() => ada.participant('Ben').getAttribute('data-muted')).toBe('true');
      await ben.get('mute-button').click();
      await expect.poll(() => ada.participant('Ben').getAttribute('data-muted')).toBe('false');

      await ada.participant('Ben').getByTestId('participant-menu').click();
      await ada.get('remove-button').click();
      await expect.poll(() => ben.get('error').getAttribute('data-code')).toBe('REMOVED');
      await ben.page.evaluate(() => localStorage.clear());
      await ben.page.reload();
      await ben.microphoneAnswered();
      await ben.fill({ name: 'Somebody new', room: 'holding' });
      await ben.get('join-button').click();
      await expect.poll(() => ben.get('error').getAttribute('data-code')).toBe('REMOVED');
      await ada.get('renew-secret-button').click();
      await ada.get('secret-renewed').waitFor();
      await ada.get('invite-button').click();
      expect(new URL(await copied(ada)).hash).toMatch(/^#room-secret=[\w-]{22}$/);
      const cy = await ask('Cy', 'holding');
      await cy.get('room-secret-input').waitFor();
      expect(await cy.get('error').getAttribute('data-code')).toBe('ROOM_SECRET_REQUIRED');
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'H12 lets newcomers wait, who see that and nothing else, can leave, are admitted or refused',
    async () => {
      const ada = await enter('Ada', 'waiting');
      await ada.get('moderation-button').click();
      await ada.get('waiting-room-switch').click();
      await expect.poll(() => ada.get('waiting-room-switch').isChecked()).toBe(true);
      await ada.get('moderator-link-button').click();
      await ada.get('moderation-button').press('Escape');

      const cleo = await ask('Cleo', 'waiting');
      await cleo.get('waiting').waitFor();
      expect(await cleo.get('join-button').isVisible()).toBe(false);
      expect(await cleo.page.locator('main').textContent()).not.toContain('Ada');
      expect(await problemsOnPhone(cleo.page)).toEqual([]);
      await ada.get('somebody-waits').waitFor();
      expect(await problemsOnPhone(ada.page)).toEqual([]);
      await cleo.get('stop-waiting-button').click();
      await cleo.get('join-button').waitFor();
      expect(await cleo.get('error').count()).toBe(0);
      await expect.poll(() => ada.get('somebody-waits').count()).toBe(0);
      await cleo.get('join-button').click();
      await ada.get('admit-button').click();
      await cleo.participant('Ada').waitFor();

      const dan = await ask('Dan', 'waiting');
      await dan.get('waiting').waitFor();
      await ada.get('refuse-button').click();
      await expect.poll(() => dan.get('error').getAttribute('data-code')).toBe('ADMISSION_REFUSED');

      // The link brings a moderator past the door, and does not stay in the address.
      const { hash } = new URL(await copied(ada));
      const other = await enter('Ada on a phone', 'waiting', hash);
      await other.get('moderation-button').waitFor();
      await expect.poll(() => new URL(other.page.url()).hash).toBe('');
      expect([...ada.errors, ...cleo.errors, ...dan.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});
