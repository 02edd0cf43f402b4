import { loadMeeting, playMeeting, REQUIREMENTS, scoreMeeting } from '@parley/demo';
import { TEST_MODEL } from '@parley/media/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpsGet } from '../support/httpsGet.js';
import { PEOPLES_MEETING, withoutPublishedModel } from '../support/people.js';
import { MeetingPage } from './support/MeetingPage.js';
import { keepResult, Stage } from './support/Stage.js';

const ROOM = 'people';
/** Of a control with a word beside or below its picture. */
const HIGHEST_CONTROL_PX = 64;

describe.skipIf(withoutPublishedModel())('people in a meeting, with a published model', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.create({ model: TEST_MODEL });
  }, 120_000);
  afterAll(() => stage?.close());

  it('are heard, understood and named, and the page of who is there keeps its controls in sight', async () => {
    const { body } = await httpsGet(new URL('/readyz', stage.url));
    expect(JSON.parse(body)).toMatchObject({ transcription: { model: { name: TEST_MODEL, demo: false } } });
    // Somebody with a microphone, who says nothing.
    const browser = await stage.launchHearing([{ silenceMs: 2_000 }]);
    const page = await MeetingPage.open({ context: await stage.newContext(browser), url: stage.url });
    await page.join({ name: 'Ada', room: ROOM });
    await page.get('mute-button').waitFor();

    const recording = await playMeeting({ serverUrl: stage.url, meetingDir: PEOPLES_MEETING, room: ROOM });
    const score = scoreMeeting(await loadMeeting(PEOPLES_MEETING), recording);
    await keepResult({ name: 'people-score.json', content: `${JSON.stringify(score, null, 2)}\n` });

    expect(score.speakers.map(({ name, words }) => ({ name, words }))).toEqual([
      { name: 'Quinn', words: 34 },
      { name: 'Libby', words: 70 },
      { name: 'Jack', words: 22 },
    ]);
    expect(score.wer).toBeLessThanOrEqual(REQUIREMENTS.published.wer);
    expect(score).toMatchObject({ missedUtterances: 0, finalsInSilence: 0, misattributed: 0 });

    const finals = await page.finals();
    expect(finals.length).toBeGreaterThanOrEqual(8);
    expect(await page.get('demo-banner').count()).toBe(0);
    for (const button of ['mute-button', 'leave-button']) {
      const box = await page.get(button).boundingBox();
      if (box === null) throw new Error(`${button} is not to be seen`);
      expect(box.height).toBeLessThanOrEqual(HIGHEST_CONTROL_PX);
      expect(box.y + box.height).toBeLessThanOrEqual(page.page.viewportSize()?.height ?? 0);
    }
    expect(page.errors).toEqual([]);
  }, 240_000);
});
