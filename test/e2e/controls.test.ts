import { ERROR_REGISTRY } from '@parley/client-sdk/protocol';
import { describe, expect, it } from 'vitest';
import { MeetingPage } from './support/MeetingPage.js';
import { useStage } from './support/useStage.js';

const TEST_TIMEOUT_MS = 120_000;
const SECRET = 'a secret for two';
/** More than the page has. */
const TAB_STOPS = 20;

const scene = useStage({ settings: { joinSecret: SECRET } });

/** What the focus is on. */
function focused(meeting: MeetingPage): Promise<string> {
  return meeting.page.evaluate<string>("document.activeElement?.dataset.testid ?? ''");
}

/** By an invitation, which brings room and secret along. */
async function enter(name: string, room: string): Promise<MeetingPage> {
  const url = `${scene.stage.url}/?room=${room}#secret=${encodeURIComponent(SECRET)}`;
  const meeting = await MeetingPage.open({ context: await scene.stage.newContext(scene.browser), url });
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
    'H10 change the room for everybody, who see who did it, and oneself alone',
    async () => {
      const ada = await enter('Ada', 'settings');
      const ben = await enter('Ben', 'settings');
      for (const page of [ada, ben]) await page.get('settings-button').click();
      // Ada opened the room, so the room is hers to change.
      await expect.poll(() => ben.get('mode-select').isDisabled()).toBe(true);
      expect(await ben.get('hot-words-input').isDisabled()).toBe(true);
      await ada.get('mode-select').selectOption('fast');
      await expect.poll(() => ben.get('mode-select').inputValue()).toBe('fast');
      await expect.poll(() => ben.get('mode-purpose').textContent()).toContain('as soon as possible');
      for (const page of [ada, ben]) {
        const remark = page.get('room-settings-changed');
        await expect.poll(() => remark.textContent()).toContain('Ada changed the room’s settings: Room mode');
      }

      await ada.get('hot-words-input').fill('Zürich, mediasoup');
      await ada.get('hot-words-input').press('Enter');
      await expect.poll(() => ben.get('hot-words-input').inputValue()).toBe('Zürich, mediasoup');

      await ada.get('language-select').selectOption('de');
      await expect.poll(() => ada.get('language-select').inputValue()).toBe('de');
      await ada.get('wake-phrases-input').fill('hey computer');
      await ada.get('wake-phrases-input').press('Enter');
      await expect.poll(() => ben.participant('Ada').textContent()).toContain('not transcribed');
      expect(await ben.get('language-select').inputValue()).toBe('');
      expect(await ben.participant('Ben').textContent()).not.toContain('not transcribed');
      await ada.get('wake-phrases-input').fill('');
      await ada.get('wake-phrases-input').press('Enter');
      await expect.poll(() => ben.participant('Ada').textContent()).not.toContain('not transcribed');
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'let somebody speak who came to listen',
    async () => {
      const ben = await enter('Ben', 'late-voice');
      const ada = await MeetingPage.open({
        context: await scene.stage.newContext(scene.browser),
        url: `${scene.stage.url}/?room=late-voice#secret=${encodeURIComponent(SECRET)}`,
      });
      await ada.microphoneAnswered();
      await ada.get('microphone-select').selectOption('listen-only');
      await ada.join({ name: 'Ada', room: 'late-voice' });
      await expect.poll(() => ben.participant('Ada').textContent()).toContain('listening');
      await ada.get('speak-button').click();
      await ada.get('mute-button').waitFor();
      await expect.poll(() => ben.participant('Ada').textContent()).not.toContain('listening');
      expect(await ada.get('coverage').textContent()).toBe('No speech yet.');
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'can all be reached by keyboard alone',
    async () => {
      const ada = await enter('Ada', 'keyboard');
      const reached = new Set<string>();
      for (let i = 0; i < TAB_STOPS; i++) {
        await ada.page.keyboard.press('Tab');
        reached.add(await focused(ada));
      }
      expect([...reached]).toEqual(
        expect.arrayContaining(['search-input', 'transcript-list', 'mute-button', 'captions-button', 'leave-button']),
      );
      // What opens by a key closes by a key, and gives the focus back.
      await ada.get('settings-button').focus();
      await ada.page.keyboard.press('Enter');
      await ada.get('mode-select').waitFor();
      await ada.page.keyboard.press('Escape');
      await expect.poll(() => ada.get('settings').count()).toBe(0);
      expect(await focused(ada)).toBe('settings-button');
      await ada.get('microphone-options').focus();
      await ada.page.keyboard.press('Enter');
      await ada.get('microphone-select').waitFor();
      await ada.page.keyboard.press('Escape');
      await expect.poll(() => ada.get('microphone-select').count()).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'ask for the join secret where the address did not bring it, and let in who knows it',
    async () => {
      const meeting = await MeetingPage.open({
        context: await scene.stage.newContext(scene.browser),
        url: scene.stage.url,
      });
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
