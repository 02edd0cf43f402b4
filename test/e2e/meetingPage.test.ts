/// <reference lib="dom" />
import { describe, expect, it } from 'vitest';
import { MeetingPage } from './support/MeetingPage.js';
import { expectSentence, speak } from './support/sentences.js';
import { SPEECH } from './support/speech.js';
import { useStage } from './support/useStage.js';

const TEST_TIMEOUT_MS = 120_000;

const scene = useStage();

async function enter(name: string, room: string): Promise<MeetingPage> {
  const meeting = await MeetingPage.open({
    context: await scene.stage.newContext(scene.browser),
    url: scene.stage.url,
  });
  await meeting.join({ name, room });
  return meeting;
}

function root(meeting: MeetingPage): Promise<{ lang: string; dir: string; theme: string | undefined }> {
  return meeting.page.evaluate(() => {
    const { lang, dir, dataset } = document.documentElement;
    return { lang, dir, theme: dataset.theme };
  });
}

describe('the meeting page', () => {
  it(
    'speaks the language of its reader, runs the way that language runs, and looks as the system asks',
    async () => {
      const context = await scene.stage.newContext(scene.browser, { locale: 'ar-EG', colorScheme: 'dark' });
      const meeting = await MeetingPage.open({ context, url: scene.stage.url });
      await meeting.microphoneAnswered();
      expect(await root(meeting)).toEqual({ lang: 'ar', dir: 'rtl', theme: 'dark' });

      await meeting.get('page-language-select').selectOption('de');
      await expect.poll(() => meeting.get('join-button').textContent()).toBe('Teilnehmen');
      await meeting.get('theme-select').selectOption('contrast');
      expect(await root(meeting)).toEqual({ lang: 'de', dir: 'ltr', theme: 'contrast' });

      // The choice outlives the page; an error is said in it.
      await meeting.page.reload();
      await meeting.microphoneAnswered();
      expect(await root(meeting)).toEqual({ lang: 'de', dir: 'ltr', theme: 'contrast' });
      await meeting.fill({ name: 'Ada', room: 'café' });
      await meeting.get('join-button').click();
      await expect.poll(() => meeting.get('error').textContent()).toContain('Ein Raumname hat 1 bis 64');
      expect(meeting.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'lets people search, filter and take along what was said, and tells screen readers each sentence once',
    async () => {
      const room = 'reading';
      const ada = await enter('Ada', room);
      await ada.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      const { player: ben } = await speak({
        browser: scene.browser,
        serverUrl: scene.stage.url,
        name: 'Ben',
        room,
        speech: SPEECH.contract,
      });
      await expectSentence(ada, SPEECH.contract);
      const { player: grace } = await speak({
        browser: scene.browser,
        serverUrl: scene.stage.url,
        name: 'Grace',
        room,
        speech: SPEECH.revenue,
      });
      await expectSentence(ada, SPEECH.revenue);
      const all = await ada.finals();

      await ada.get('search-input').fill('REVENUE');
      await ada.get('search-input').press('Enter');
      await expect.poll(() => ada.get('search-found').textContent()).toBe('1 of 1');
      expect((await ada.page.locator('mark').allTextContents()).map((text) => text.toLowerCase())).toEqual(['revenue']);
      await ada.get('search-input').fill('zeppelin');
      await expect.poll(() => ada.get('search-found').textContent()).toBe('No matches');
      await ada.get('search-input').press('Escape');
      await expect.poll(() => ada.page.locator('mark').count()).toBe(0);

      await ada.get('speaker-filter').selectOption({ label: 'Grace' });
      await expect
        .poll(async () => new Set((await ada.finals()).map(({ speaker }) => speaker)))
        .toEqual(new Set(['Grace']));
      await ada.get('speaker-filter').selectOption('');
      await expect.poll(() => ada.finals()).toEqual(all);

      await ada.get('transcript-actions').click();
      await ada.get('copy-button').click();
      const copied = () => ada.page.evaluate(() => navigator.clipboard.readText());
      await expect.poll(copied).toMatch(/^\d+:\d\d Ben: .+\n(.+\n)*\d+:\d\d Grace: .+\n/);

      const announced = await ada.get('announcer').locator('p').allTextContents();
      expect(announced).toEqual(all.slice(-announced.length).map(({ speaker, text }) => `${speaker}: ${text}`));
      expect(announced.length).toBeGreaterThan(0);
      expect(await ada.page.locator('[aria-live]').count()).toBe(1);
      await Promise.all([ben.close(), grace.close()]);
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'shows captions as large, where and on what people want, or not at all, and remembers it',
    async () => {
      const ada = await enter('Ada', 'captions');
      await ada.get('settings-button').click();
      const choose = (group: string, value: string) =>
        ada.get(group).locator(`input[value="${value}"]`).check({ force: true });
      await choose('caption-size', 'huge');
      await choose('caption-position', 'top');
      await choose('caption-background', 'page');
      await choose('caption-contrast', 'high');
      const look = () =>
        ada.get('captions').evaluate((element) => {
          const { size, background, contrast } = element.dataset;
          const people = document.querySelector('.people')?.getBoundingClientRect();
          return { size, background, contrast, above: element.getBoundingClientRect().top < (people?.top ?? 0) };
        });
      const chosen = { size: 'huge', background: 'page', contrast: 'high', above: true };
      await expect.poll(look).toEqual(chosen);
      await ada.page.keyboard.press('Escape');
      await ada.page.locator('body').press('c');
      await expect.poll(() => ada.get('captions').count()).toBe(0);
      expect(await ada.get('captions-button').getAttribute('aria-pressed')).toBe('false');

      await ada.page.reload();
      await ada.join({ name: 'Ada', room: 'captions' });
      expect(await ada.get('captions').count()).toBe(0);
      await ada.get('captions-button').click();
      await expect.poll(look).toEqual(chosen);
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'opens the microphone only while the space bar or the button is held, for those who want that',
    async () => {
      const ada = await enter('Ada', 'push-to-talk');
      const ben = await enter('Ben', 'push-to-talk');
      const muted = () => ben.participant('Ada').getAttribute('data-muted');
      await ada.get('microphone-options').click();
      await ada.get('push-to-talk-switch').check();
      await ada.page.keyboard.press('Escape');
      await expect.poll(muted).toBe('true');

      await ada.page.locator('body').focus();
      await ada.page.keyboard.down(' ');
      await expect.poll(muted).toBe('false');
      await ada.page.keyboard.up(' ');
      await expect.poll(muted).toBe('true');

      await ada.get('talk-button').hover();
      await ada.page.mouse.down();
      await expect.poll(muted).toBe('false');
      await ada.page.mouse.up();
      await expect.poll(muted).toBe('true');
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'fits a phone: the stage or the transcript, nothing to scroll sideways, and everything large enough for a finger',
    async () => {
      const context = await scene.stage.newContext(scene.browser, {
        viewport: { width: 360, height: 740 },
        hasTouch: true,
      });
      const meeting = await MeetingPage.open({ context, url: scene.stage.url });
      const measure = () =>
        meeting.page.evaluate(() => ({
          sideways: document.documentElement.scrollWidth - innerWidth,
          small: Array.from(document.querySelectorAll('button, select, input:not([type=radio], [role=switch])'))
            .map((element) => ({ name: element.textContent, box: element.getBoundingClientRect() }))
            .filter(({ box }) => box.width > 0 && (box.height < 43.9 || box.width < 35.9))
            .map(({ name, box }) => `${name} ${box.width}x${box.height}`),
        }));
      await meeting.microphoneAnswered();
      expect(await measure()).toEqual({ sideways: 0, small: [] });
      await meeting.join({ name: 'Ada', room: 'phone' });
      expect(await measure()).toEqual({ sideways: 0, small: [] });
      await meeting.get('transcript-button').click();
      await meeting.get('transcript-list').waitFor();
      expect(await meeting.get('participant').count()).toBe(0);
      expect(await measure()).toEqual({ sideways: 0, small: [] });
      await meeting.get('transcript-close').click();
      await meeting.participant('Ada').waitFor();
      expect(meeting.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it('has a place for past meetings', async () => {
    const meeting = await MeetingPage.open({
      context: await scene.stage.newContext(scene.browser),
      url: `${scene.stage.url}/archive`,
    });
    await meeting.get('archive').waitFor();
    expect(meeting.errors).toEqual([]);
  });
});
