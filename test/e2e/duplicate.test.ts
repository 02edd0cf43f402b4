import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { MeetingPage } from './support/MeetingPage.js';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';

const SENTENCE_TIMEOUT_MS = 60_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

it('S8 closes the older of two windows of one person within a second, and the transcript goes on with the newer', async () => {
  const browser = await stage.launchHearing([SPEECH.contract, { silenceMs: 2_500 }]);
  // One profile: the same person in both.
  const context = await stage.newContext(browser);
  const [older, newer] = [
    await MeetingPage.open({ context, url: stage.url }),
    await MeetingPage.open({ context, url: stage.url }),
  ];
  await older.join({ name: 'Ada', room: 'windows' });
  await expect.poll(async () => (await older.finals()).length, { timeout: SENTENCE_TIMEOUT_MS }).toBeGreaterThan(0);
  const [first] = await older.finals();

  await newer.microphoneAnswered();
  await newer.fill({ name: 'Ada', room: 'windows' });
  await newer.get('join-button').click();
  await newer.participant('Ada').first().waitFor();
  await expect
    .poll(() => older.get('error').getAttribute('data-code'), { timeout: 1_000 })
    .toBe('DUPLICATE_PARTICIPANT');
  expect(await newer.get('participant').count()).toBe(1);

  const known = new Set((await newer.finals()).map(({ id }) => id));
  const fresh = async () => (await newer.finals()).filter(({ id }) => !known.has(id) && id !== first?.id);
  await expect.poll(async () => (await fresh()).length, { timeout: SENTENCE_TIMEOUT_MS }).toBeGreaterThan(0);
  // What was said in the older window stands there, under the same participant.
  const all = await newer.finals();
  expect(all.map(({ id }) => id)).toContain(first?.id);
  expect(new Set(all.map(({ participantId }) => participantId)).size).toBe(1);
  expect(newer.errors).toEqual([]);
}, 240_000);
