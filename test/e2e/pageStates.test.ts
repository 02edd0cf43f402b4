/// <reference lib="dom" />
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MeetingPage } from './support/MeetingPage.js';
import { PageWire } from './support/PageWire.js';
import { Stage } from './support/Stage.js';
import { SPEECH, wavOf } from './support/speech.js';

const TEST_TIMEOUT_MS = 120_000;
const RECOVERY_TIMEOUT_MS = 20_000;
/** Speech into a muted microphone is noticed after a while of it. */
const NOTICED_TIMEOUT_MS = 20_000;
/** More entries than a panel has room for. */
const MANY = 40;
/** Languages that a speaker can choose with the built-in model, by their English names. */
const OFFERED = ['', 'auto', 'per-segment', 'en', 'fr', 'de', 'es'];

let stage: Stage;
/** Its microphone hears nothing. */
let browser: Browser;
/** Its microphone hears somebody talk on and on. */
let talking: Browser;
beforeAll(async () => {
  // These are the states of members: the first of a room must not moderate it, and all may change its settings.
  stage = await Stage.create({ guestsModerate: false, memberSettings: true });
  const decoder = await stage.launch();
  browser = await stage.launchWithMicrophone(await wavOf({ browser: decoder, sounds: [{ silenceMs: 2_000 }] }));
  talking = await stage.launchWithMicrophone(await wavOf({ browser: decoder, sounds: [SPEECH.contract] }));
  await decoder.close();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

interface Entered {
  meeting: MeetingPage;
  wire: PageWire;
}

async function open(options: { browser?: Browser; preferences?: object } = {}): Promise<Entered> {
  const context = await stage.newContext(options.browser ?? browser);
  const wire = await PageWire.between(context);
  if (options.preferences !== undefined) {
    const kept = JSON.stringify(options.preferences);
    await context.addInitScript((value) => localStorage.setItem('parley.preferences', value), kept);
  }
  return { meeting: await MeetingPage.open({ context, url: stage.url }), wire };
}

async function enter(name: string, options: Parameters<typeof open>[0] & { room: string }): Promise<Entered> {
  const entered = await open(options);
  await entered.meeting.join({ name, room: options.room });
  await entered.meeting.get('mute-button').or(entered.meeting.get('talk-button')).waitFor();
  return entered;
}

async function enterToListen(name: string, options: { room: string; preferences?: object }): Promise<Entered> {
  const entered = await open(options);
  await entered.meeting.microphoneAnswered();
  await entered.meeting.get('microphone-select').selectOption('listen-only');
  await entered.meeting.join({ name, room: options.room });
  return entered;
}

/** What the focus is on. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    return element?.dataset.testid ?? element?.id ?? '';
  });
}

function valuesOf(options: (Element & { value?: string })[]): (string | undefined)[] {
  return options.map(({ value }) => value);
}

describe('push to talk', () => {
  it(
    'lets nobody hear a word of who joins with it, and no key opens the microphone for good',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'push', preferences: { pushToTalk: true } });
      const produced = () => wire.requests.filter(({ name }) => name === 'produce').map(({ request }) => request);
      expect(produced()).toEqual([expect.objectContaining({ paused: true })]);

      await ada.page.locator('body').press('m');
      await ada.page.locator('body').press('c');
      // The later key has done its work.
      await expect.poll(() => ada.get('captions').count()).toBe(0);
      expect(wire.requests.map(({ name }) => name)).not.toContain('resumeProducer');
      expect(await ada.get('talk-button').getAttribute('aria-pressed')).toBe('false');
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'holds for somebody who came to listen, too, who turns the microphone on once, however often it is asked for',
    async () => {
      const { meeting: ada, wire } = await enterToListen('Ada', { room: 'late', preferences: { pushToTalk: true } });
      await ada.page.evaluate(() => {
        const { mediaDevices } = navigator;
        const capture = mediaDevices.getUserMedia.bind(mediaDevices);
        const answered = new Promise<void>((resolve) => addEventListener('answered', () => resolve(), { once: true }));
        mediaDevices.getUserMedia = async (constraints) => {
          document.documentElement.dataset.asked = `${Number(document.documentElement.dataset.asked ?? 0) + 1}`;
          await answered;
          return capture(constraints);
        };
      });
      await ada.get('speak-button').press('Enter');
      await expect.poll(() => ada.get('speak-button').getAttribute('aria-disabled')).toBe('true');
      await ada.get('speak-button').press('Enter');
      await ada.page.evaluate(() => dispatchEvent(new Event('answered')));
      await ada.get('talk-button').waitFor();
      expect(await ada.page.evaluate(() => document.documentElement.dataset.asked)).toBe('1');
      const produced = wire.requests.filter(({ name }) => name === 'produce').map(({ request }) => request);
      expect(produced).toEqual([expect.objectContaining({ paused: true })]);
      // The focus was on the button that is gone.
      expect(await focused(ada.page)).toBe('talk-button');
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('a connection that is cut', () => {
  it(
    'is told once, and one comes back as muted as one was',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'cut' });
      const { meeting: ben } = await enter('Ben', { room: 'cut' });
      await ada.get('mute-button').click();
      await expect.poll(() => ben.participant('Ada').getAttribute('data-muted')).toBe('true');
      // Something that the server refuses: it was ended with the connection, and need not stand there after it.
      wire.tell('grantsChanged', { grants: ['join', 'moderate'] });
      await ada.get('moderation-button').click();
      await ada.get('lock-button').click();
      await expect.poll(() => ada.get('error').getAttribute('data-code')).toBe('FORBIDDEN');
      const before = wire.requests.length;

      await wire.cut();
      await ada.get('reconnecting').waitFor();
      await expect.poll(() => ada.get('state').getAttribute('data-state')).toBe('reconnecting');
      expect(
        await ada.page
          .locator('[role=status], [role=alert]')
          .filter({ hasText: /connect/i })
          .count(),
      ).toBe(1);

      wire.mend();
      await expect.poll(() => ada.get('reconnecting').count(), { timeout: RECOVERY_TIMEOUT_MS }).toBe(0);
      const again = () => wire.requests.slice(before).filter(({ name }) => name === 'produce');
      await expect
        .poll(again, { timeout: RECOVERY_TIMEOUT_MS })
        .toEqual([{ name: 'produce', request: expect.objectContaining({ paused: true }) }]);
      expect(await ada.get('mute-button').getAttribute('aria-pressed')).toBe('true');
      expect(await ada.get('error').count()).toBe(0);

      await ada.get('mute-button').click();
      await expect.poll(() => ben.participant('Ada').getAttribute('data-muted')).toBe('false');
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'over which the meeting ended brings one into the next, whose clock and recording are its own',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'next' });
      expect(await ada.get('recordable').count()).toBe(0);
      await wire.cut();
      await ada.get('reconnecting').waitFor();
      const hourAgo = Date.now() - 3_600_000;
      wire.differing = { meetingId: 'm_next', meetingStartedAtMs: hourAgo, features: { recording: true } };
      wire.mend();
      await ada.get('new-meeting').waitFor({ timeout: RECOVERY_TIMEOUT_MS });
      await ada.get('recordable').waitFor();
      await expect.poll(() => ada.page.locator('header time').textContent()).toMatch(/^1:00:\d\d$/);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'keeps nobody from leaving: the lobby is there at once',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'leaving' });
      await wire.cut();
      await ada.get('reconnecting').waitFor();
      await ada.get('leave-button').click();
      await ada.get('join-button').waitFor({ timeout: 2_000 });
      await expect.poll(() => focused(ada.page)).toBe('lobby-title');
      expect(await ada.get('error').count()).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'by the browser, which put the page away, ends in the lobby with a sentence',
    async () => {
      const { meeting: ada } = await enter('Ada', { room: 'away' });
      const { meeting: ben } = await enter('Ben', { room: 'away' });
      await ada.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
      await expect.poll(() => ben.participant('Ada').count(), { timeout: RECOVERY_TIMEOUT_MS }).toBe(0);
      await ada.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
      await expect.poll(() => ada.get('put-away').textContent()).toContain('You left the meeting');
      await ada.join({ name: 'Ada', room: 'away' });
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('what the recogniser has to say', () => {
  it(
    'stands on the page: that it is behind and why, what it has missed, and which language it has found',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'engine' });
      wire.tell('transcriptionDegraded', { level: 2, reason: 'Too many people speak.', interimIntervalFactor: 4 });
      await expect.poll(() => ada.get('degraded').textContent()).toContain('Too many people speak.');
      expect(await ada.get('degraded').locator('[lang=en]').textContent()).toBe('Too many people speak.');
      wire.tell('transcriptionRecovered', {});
      await expect.poll(() => ada.get('degraded').count()).toBe(0);

      wire.tellEntry({ seq: 1, status: 'gap', text: '', language: '', reason: 'recognizerFailed' });
      wire.tellEntry({ seq: 2, text: 'Guten Morgen.', language: 'de' });
      const missing = '2 s of speech missing: speech recognition failed here';
      await expect.poll(async () => (await ada.segments())[0]).toMatchObject({ status: 'gap', text: missing });
      await expect
        .poll(() => ada.get('announcer').locator('p').allTextContents())
        .toEqual([`Grace: ${missing}`, 'Grace: Guten Morgen.']);
      expect(await ada.get('announcer').locator('[lang=de]').textContent()).toBe('Guten Morgen.');

      const participantId = await ada.participantId('Ada');
      const activity = { type: 'languageDetected', language: 'de', probability: 0.973, atMs: 0 } as const;
      wire.tell('trackActivity', { participantId, track: 'microphone', activity });
      await expect.poll(() => ada.get('spoken-language').allTextContents()).toEqual(['Language: German, 97%']);
      await ada.get('settings-button').click();
      await ada.get('page-language-select').selectOption('fr');
      await expect.poll(() => ada.get('spoken-language').textContent()).toMatch(/^Langue : allemand, 97\s%$/);
      // Somebody has set another language since.
      wire.tellEntry({ seq: 3, participantId, text: 'Good morning.' });
      await expect.poll(() => ada.get('spoken-language').count()).toBe(0);
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'tells oneself, and nobody else, that one is too quiet or too loud, until it is right',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'levels' });
      const [self, other] = [await ada.participantId('Ada'), 'u_other'];
      const hear = (participantId: string, level: 'good' | 'quiet' | 'clipping') =>
        wire.tell('trackActivity', {
          participantId,
          track: 'microphone',
          activity: { type: 'microphoneChecked', level, speechLevelDb: -55, clippedShare: 0, atMs: 0 },
        });
      hear(other, 'clipping');
      hear(self, 'quiet');
      await expect.poll(() => ada.get('microphone-quiet').textContent()).toContain('Your microphone is very quiet.');
      expect(await ada.get('microphone-quiet').getAttribute('role')).toBe('status');
      expect(await ada.get('microphone-clipping').count()).toBe(0);
      hear(self, 'clipping');
      await expect.poll(() => ada.get('microphone-clipping').textContent()).toContain('it distorts');
      expect(await ada.get('microphone-quiet').count()).toBe(0);
      hear(self, 'good');
      await expect.poll(() => ada.get('microphone-clipping').count()).toBe(0);
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'is followed until the reader scrolls back, who is told what is new, and jumps there',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'follow' });
      const list = ada.get('transcript-list');
      for (let seq = 1; seq <= MANY; seq++) wire.tellEntry({ seq });
      await list.getByText(`Sentence number ${MANY}.`).waitFor();
      expect(await ada.get('jump-button').count()).toBe(0);

      await list.evaluate((element) => element.scrollTo({ top: 0 }));
      await ada.get('jump-button').waitFor();
      wire.tellEntry({ seq: MANY + 1 });
      await expect.poll(() => ada.get('jump-button').textContent()).toContain('1 new');
      await list.getByText('Sentence number 1.').waitFor();

      await ada.get('jump-button').press('Enter');
      await list.getByText(`Sentence number ${MANY + 1}.`).waitFor();
      await expect.poll(() => ada.get('jump-button').count()).toBe(0);
      expect(await focused(ada.page)).toBe('transcript-list');
      wire.tellEntry({ seq: MANY + 2 });
      await list.getByText(`Sentence number ${MANY + 2}.`).waitFor();
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('sound', () => {
  it(
    'comes from the device that is chosen beside the mute button, and others are as loud as one wants them',
    async () => {
      const { meeting: ada } = await enter('Ada', { room: 'sound' });
      await enter('Ben', { room: 'sound' });
      await ada.get('microphone-options').click();
      const select = ada.get('microphone-select');
      await expect.poll(() => select.locator('option').count()).toBeGreaterThan(1);
      const other = (await select.locator('option').last().getAttribute('value')) ?? '';
      await select.selectOption(other);
      await expect.poll(() => select.inputValue()).toBe(other);
      await ada.page.keyboard.press('Escape');
      await expect.poll(() => select.count()).toBe(0);
      await ada.get('microphone-options').click();
      await expect.poll(() => select.inputValue()).toBe(other);
      await ada.page.keyboard.press('Escape');

      const menu = ada.participant('Ben').getByTestId('participant-menu');
      await menu.click();
      await ada.get('volume-slider').fill('0.3');
      await ada.page.keyboard.press('Escape');
      await expect.poll(() => ada.get('volume-slider').count()).toBe(0);
      await menu.click();
      expect(await ada.get('volume-slider').inputValue()).toBe('0.3');
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'comes out of the loudspeaker that is chosen, as long as it can be had',
    async () => {
      const { meeting: ada } = await enter('Ada', { room: 'speakers' });
      // Browsers without a window have no loudspeakers.
      await ada.page.evaluate(() => {
        const { mediaDevices } = navigator;
        const speakers = ['desk', 'gone'].map((deviceId) => ({ deviceId, kind: 'audiooutput', label: deviceId }));
        const enumerate = mediaDevices.enumerateDevices.bind(mediaDevices);
        mediaDevices.enumerateDevices = async () => [...(await enumerate()), ...(speakers as MediaDeviceInfo[])];
        HTMLMediaElement.prototype.setSinkId = async (deviceId) => {
          if (deviceId === 'gone') throw new DOMException('no', 'NotFoundError');
        };
      });
      await ada.get('settings-button').click();
      const select = ada.get('speaker-select');
      await select.selectOption('desk');
      await select.selectOption('gone');
      await expect.poll(() => ada.get('sound-error').getAttribute('data-code')).toBe('OUTPUT_DEVICE_NOT_FOUND');
      expect(await select.inputValue()).toBe('desk');
      // The next time, too.
      await ada.get('close-button').click();
      await expect.poll(() => select.count()).toBe(0);
      await ada.get('settings-button').click();
      await expect.poll(() => select.inputValue()).toBe('desk');
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'that goes into a muted microphone is told to whoever makes it, until it is opened',
    async () => {
      const { meeting: ada } = await enter('Ada', { room: 'muted', browser: talking });
      await ada.get('mute-button').click();
      await ada.get('speaking-while-muted').waitFor({ timeout: NOTICED_TIMEOUT_MS });
      expect(await ada.get('speaking-while-muted').textContent()).toContain('you are muted');
      await ada.get('mute-button').click();
      await expect.poll(() => ada.get('speaking-while-muted').count()).toBe(0);
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

describe('the page', () => {
  it(
    'keeps the focus when what it was on goes away',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'focus' });
      await ada.get('transcript-close').press('Enter');
      await expect.poll(() => ada.get('transcript-close').count()).toBe(0);
      expect(await focused(ada.page)).toBe('transcript-button');

      wire.tell('grantsChanged', { grants: ['join', 'moderate'] });
      await ada.get('moderation-button').press('Enter');
      await ada.get('end-button').press('Enter');
      await ada.get('end-sure-button').waitFor();
      expect(await focused(ada.page)).toBe('end-cancel-button');
      await ada.get('end-cancel-button').press('Enter');
      await ada.get('end-button').waitFor();
      expect(await focused(ada.page)).toBe('end-button');
      await ada.page.keyboard.press('Escape');

      // Words of a microphone that cannot be had, to be taken away by hand.
      await ada.page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotReadableError'));
      });
      await ada.get('microphone-options').click();
      const select = ada.get('microphone-select');
      await expect.poll(() => select.locator('option').count()).toBeGreaterThan(1);
      await select.selectOption((await select.locator('option').last().getAttribute('value')) ?? '');
      await ada.get('error').waitFor();
      await ada.page.keyboard.press('Escape');
      await ada.page.getByRole('button', { name: 'Dismiss' }).press('Enter');
      await expect.poll(() => ada.get('error').count()).toBe(0);
      expect(await focused(ada.page)).toBe('title');
      await ada.get('leave-button').press('Enter');
      await expect.poll(() => focused(ada.page)).toBe('lobby-title');
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'keeps people and captions in sight when its window becomes narrow',
    async () => {
      const { meeting: ada } = await enter('Ada', { room: 'narrow' });
      await ada.get('transcript-list').waitFor();
      await ada.page.setViewportSize({ width: 600, height: 800 });
      await expect.poll(() => ada.get('transcript-list').count()).toBe(0);
      expect(await ada.participant('Ada').count()).toBe(1);
      expect(await ada.get('captions').count()).toBe(1);
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'offers the languages of the model before the join, and forgets one that was chosen at another server',
    async () => {
      const { meeting: ada, wire } = await open({ preferences: { speechLanguage: 'it' } });
      const select = ada.get('speech-language-select');
      await expect.poll(() => select.locator('option').evaluateAll(valuesOf)).toEqual(OFFERED);
      expect(await select.inputValue()).toBe('');
      await ada.join({ name: 'Ada', room: 'chosen-elsewhere' });
      await ada.get('mute-button').waitFor();
      const join = wire.requests.find(({ name }) => name === 'join');
      expect(join?.request).toMatchObject({ room: 'chosen-elsewhere' });
      expect(join?.request).not.toHaveProperty('settings.language');
      expect(ada.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'lets people set the languages of a room, their own language back to what the room has, and their own wake phrase',
    async () => {
      const { meeting: ada, wire } = await enter('Ada', { room: 'room-language' });
      const { meeting: ben } = await enter('Ben', { room: 'room-language' });
      for (const page of [ada, ben]) await page.get('settings-button').click();
      for (const select of ['room-language-select', 'language-select']) {
        await expect.poll(() => ada.get(select).locator('option').evaluateAll(valuesOf)).toEqual(OFFERED);
      }
      await ada.get('room-language-select').selectOption('fr');
      await expect.poll(() => ben.get('room-language-select').inputValue()).toBe('fr');
      await ada.get('language-select').selectOption('de');
      await expect.poll(() => ada.get('language-select').inputValue()).toBe('de');
      await ada.get('language-select').selectOption('');
      await expect.poll(() => ada.get('language-select').inputValue()).toBe('');

      const languages = async (page: MeetingPage) =>
        await page.get('room-language').evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset.language));
      const added = ada.get('room-languages-select');
      const changes = () => wire.requests.filter(({ name }) => name === 'updateSettings').length;
      const asked = changes();
      for (const code of ['en', 'fr', 'de']) {
        await added.press('ArrowDown');
        expect(await added.inputValue()).toBe(code);
      }
      await added.press('ArrowUp');
      expect(changes()).toBe(asked);
      await added.press('Tab');
      await ada.page.keyboard.press('Enter');
      await expect.poll(() => focused(ada.page)).toBe('room-languages-select');
      for (const page of [ada, ben]) await expect.poll(() => languages(page)).toEqual(['fr']);
      await added.selectOption('de');
      await ada.get('room-languages-add').click();
      // Nobody waits for the server.
      await added.selectOption('es');
      await ada.get('room-languages-add').click();
      for (const page of [ada, ben]) await expect.poll(() => languages(page)).toEqual(['fr', 'de', 'es']);
      for (const left of [['de', 'es'], ['es'], []]) {
        await ada.get('room-language').first().press('Enter');
        await expect.poll(() => languages(ben)).toEqual(left);
        await expect.poll(() => focused(ada.page)).toBe('room-languages-select');
      }

      // Whether somebody is transcribed is nobody else's decision.
      expect(await ada.get('room-wake-phrases-input').count()).toBe(0);
      const phrases = ada.get('wake-phrases-input');
      const before = wire.requests.length;
      // Enter belongs to the input method as long as it composes.
      await phrases.fill('hey com');
      await phrases.dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true });
      await phrases.fill('hey computer');
      await phrases.press('Enter');
      await expect.poll(() => ben.participant('Ada').textContent()).toContain('not transcribed');
      expect(wire.requests.slice(before).filter(({ name }) => name === 'updateSettings')).toHaveLength(1);
      expect(await ben.get('wake-phrases-input').inputValue()).toBe('');
      expect(await ben.participant('Ben').textContent()).not.toContain('not transcribed');
      await phrases.fill('');
      await phrases.press('Enter');
      await expect.poll(() => ben.participant('Ada').textContent()).not.toContain('not transcribed');
      expect([...ada.errors, ...ben.errors]).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});
