import { ERROR_REGISTRY } from '@parley/client-sdk/protocol';
import type { PlayerPage } from '@parley/demo';
import { describe, expect, it } from 'vitest';
import { MeetingPage } from './support/MeetingPage.js';
import { expectSentence, speak as say } from './support/sentences.js';
import { SPEECH, type Speech } from './support/speech.js';
import { useStage } from './support/useStage.js';

const TEST_TIMEOUT_MS = 120_000;

const scene = useStage();

/** Its microphone sends silence once it has joined, and once more after a reload. */
async function openPage(): Promise<MeetingPage> {
  scene.stage.played({ ms: 0 });
  return MeetingPage.open({ context: await scene.stage.newContext(scene.browser), url: scene.stage.url });
}

async function speak(options: { name: string; room: string; speech: Speech }): Promise<PlayerPage> {
  const { player, sentMs } = await say({ browser: scene.browser, serverUrl: scene.stage.url, ...options });
  scene.stage.played({ ms: sentMs });
  return player;
}

describe('the meeting page', () => {
  it(
    'tells what to do when the microphone is refused, and lets one listen',
    async () => {
      const strict = await scene.stage.launch({
        flags: ['--use-fake-device-for-media-stream', '--deny-permission-prompts'],
      });
      const meeting = await MeetingPage.open({ context: await scene.stage.newContext(strict), url: scene.stage.url });
      const room = 'listening';
      await expect
        .poll(() => meeting.get('microphone-error').textContent())
        .toContain(ERROR_REGISTRY.MICROPHONE_DENIED.message);
      await meeting.join({ name: 'Ada', room });

      const player = await speak({ name: 'Ben', room, speech: SPEECH.contract });
      await expectSentence(meeting, SPEECH.contract);
      expect(await meeting.get('participant').count()).toBe(2);
      await player.close();
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'says which characters a room name may have',
    async () => {
      const meeting = await openPage();
      await meeting.fill({ name: 'Ada', room: 'café & bar!' });
      await meeting.get('join-button').click();
      await expect
        .poll(() => meeting.get('error').allTextContents())
        .toContain(ERROR_REGISTRY.INVALID_ROOM_NAME.message);
      expect(await meeting.get('participant').count()).toBe(0);
      // The form is still there: a better name gets in.
      await meeting.join({ name: 'Ada', room: 'cafe' });
      expect(meeting.errors).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'tells the old window when the same person joins from a new one',
    async () => {
      const context = await scene.stage.newContext(scene.browser);
      const first = await MeetingPage.open({ context, url: scene.stage.url });
      await first.join({ name: 'Ada', room: 'windows' });
      const id = await first.participantId('Ada');
      const second = await MeetingPage.open({ context, url: scene.stage.url });
      await second.join({ name: 'Ada', room: 'windows' });

      await expect
        .poll(() => first.get('error').allTextContents())
        .toContain(ERROR_REGISTRY.DUPLICATE_PARTICIPANT.message);
      expect(await second.participantId('Ada')).toBe(id);
      expect(await second.get('participant').count()).toBe(1);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'shows a late joiner what was said before, from the beginning',
    async () => {
      const room = 'late';
      const early = await openPage();
      await early.join({ name: 'Ada', room });
      const ben = await speak({ name: 'Ben', room, speech: SPEECH.contract });
      await expectSentence(early, SPEECH.contract);
      await ben.leave();
      await ben.close();
      const grace = await speak({ name: 'Grace', room, speech: SPEECH.revenue });
      await expectSentence(early, SPEECH.revenue);

      const late = await openPage();
      await late.join({ name: 'Carol', room });
      await expectSentence(late, SPEECH.contract);
      await expectSentence(late, SPEECH.revenue);
      expect(await late.finals()).toEqual(await early.finals());
      expect((await late.finals()).map(({ speaker }) => speaker)).toEqual([
        expect.stringContaining('Ben'),
        expect.stringContaining('Grace'),
      ]);
      // For a screen reader, what was said before is no news.
      expect(await early.get('announcer').locator('p').count()).toBeGreaterThan(0);
      expect(await late.get('announcer').locator('p').count()).toBe(0);
      await grace.close();
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'H11 shows a newcomer to an empty room nothing of what was said, and forgets what a moderator deletes',
    async () => {
      const room = 'deletion';
      const ada = await openPage();
      await ada.join({ name: 'Ada', room });
      const ben = await speak({ name: 'Ben', room, speech: SPEECH.contract });
      await expectSentence(ada, SPEECH.contract);
      await ben.leave();
      await ben.close();
      await ada.get('leave-button').click();
      await ada.get('join-button').waitFor();

      const eve = await openPage();
      await eve.join({ name: 'Eve', room });
      const grace = await speak({ name: 'Grace', room, speech: SPEECH.revenue });
      await expectSentence(eve, SPEECH.revenue);
      expect((await eve.finals()).map(({ speaker }) => speaker)).toEqual([expect.stringContaining('Grace')]);
      expect(await eve.get('transcript-readers').textContent()).toContain('is not shown to you');
      await grace.leave();
      await grace.close();

      await ada.join({ name: 'Ada', room });
      await expectSentence(ada, SPEECH.contract);
      await expectSentence(ada, SPEECH.revenue);
      await ada.get('moderation-button').click();
      await ada.get('delete-transcript-button').click();
      await ada.get('delete-transcript-sure-button').click();
      for (const page of [ada, eve]) {
        await page.get('transcript-deleted').waitFor();
        expect(await page.finals()).toEqual([]);
      }
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'keeps identity and transcript over a reload',
    async () => {
      const room = 'reload';
      const meeting = await openPage();
      await meeting.join({ name: 'Ada', room });
      const id = await meeting.participantId('Ada');
      const ben = await speak({ name: 'Ben', room, speech: SPEECH.contract });
      await expectSentence(meeting, SPEECH.contract);
      const before = await meeting.finals();

      await meeting.page.reload();
      await meeting.join({ name: 'Ada', room });
      expect(await meeting.participantId('Ada')).toBe(id);
      expect(await meeting.participant('Ada').count()).toBe(1);
      await expectSentence(meeting, SPEECH.contract);
      expect(await meeting.finals()).toEqual(before);
      await ben.close();
    },
    TEST_TIMEOUT_MS,
  );
});
