import { wordEdits, wordsOf } from '@parley/demo';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { MeetingPage, type ShownSegment } from './support/MeetingPage.js';
import { Stage } from './support/Stage.js';
import { SPEECH, wavOf } from './support/speech.js';

/** The microphone begins to hear its file before the room is joined: the first sentence heard may be cut. */
const SENTENCES_TIMEOUT_MS = 60_000;
const ALLOWED_EDITS = 1;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

function says(segment: ShownSegment, text: string): boolean {
  return wordEdits(wordsOf(text), wordsOf(segment.text)) <= ALLOWED_EDITS;
}

it('shows what one of two people says into the microphone to both, under the right name, as it is spoken', async () => {
  const decoder = await stage.launch();
  const { contract, revenue } = SPEECH;
  const speaking = await wavOf({
    browser: decoder,
    sounds: [{ silenceMs: 2_500 }, contract, { silenceMs: 1_500 }, revenue, { silenceMs: 1_500 }],
  });
  const silent = await wavOf({ browser: decoder, sounds: [{ silenceMs: 5_000 }] });
  await decoder.close();

  const room = 'conversation';
  const adaBrowser = await stage.launchWithMicrophone(speaking);
  const benBrowser = await stage.launchWithMicrophone(silent);
  const ben = await MeetingPage.open({ context: await stage.newContext(benBrowser), url: stage.url });
  await ben.join({ name: 'Ben', room });
  const ada = await MeetingPage.open({ context: await stage.newContext(adaBrowser), url: stage.url });
  await ada.join({ name: 'Ada', room });
  await ben.participant('Ada').waitFor();
  const heardFromMs = performance.now();
  await ada.participant('Ben').waitFor();
  const adaId = await ada.participantId('Ada');
  expect(await ben.participantId('Ada')).toBe(adaId);

  for (const meeting of [ada, ben]) {
    for (const sentence of [contract, revenue]) {
      await expect
        .poll(async () => (await meeting.finals()).some((segment) => says(segment, sentence.text)), {
          timeout: SENTENCES_TIMEOUT_MS,
          interval: 250,
        })
        .toBe(true);
    }
  }

  stage.played({ ms: performance.now() - heardFromMs, speakers: 2 });

  for (const meeting of [ada, ben]) {
    const history = await meeting.history();
    const finals = history.filter(({ status }) => status === 'final');
    expect(finals.map(({ participantId }) => participantId)).toEqual(finals.map(() => adaId));
    expect(finals.every(({ speaker }) => speaker.includes('Ada'))).toBe(true);
    // Text is there before the sentence is over, and the final takes its place.
    for (const sentence of [contract, revenue]) {
      const states = finals
        .filter((segment) => says(segment, sentence.text))
        .map(({ id }) => history.filter((segment) => segment.id === id).map(({ status }) => status));
      expect(states.some(([first, ...rest]) => first === 'interim' && rest.at(-1) === 'final')).toBe(true);
    }
    // Both saw the same finals.
    expect(meeting.errors).toEqual([]);
  }
  const ids = async (meeting: MeetingPage) => (await meeting.finals()).map(({ id }) => id);
  const [first] = await ids(ada);
  expect(await ids(ben)).toContain(first);
  expect(await ada.get('demo-banner').isVisible()).toBe(true);
}, 240_000);
