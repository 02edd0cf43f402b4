import { PlayerPage, wordEdits, wordsOf } from '@parley/demo';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IdentityProvider } from '../support/IdentityProvider.js';
import { Stage } from './support/Stage.js';
import { SPEECH, type Speech } from './support/speech.js';
import { TranscriptTap } from './support/TranscriptTap.js';

const FINALS_TIMEOUT_MS = 20_000;
const START_LEAD_MS = 500;
const TEST_TIMEOUT_MS = 120_000;
const SENTENCES = [SPEECH.contract, SPEECH.results, SPEECH.engineers, SPEECH.call];
/** Longer than any of them. */
const WHOLE = { startMs: 0, endMs: 10_000 };

let provider: IdentityProvider;
let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  provider = await IdentityProvider.start();
  stage = await Stage.create({ guests: true, keycloak: { url: provider.url } });
  browser = await stage.launch();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(async () => {
  await stage?.close();
  await provider?.close();
});

/** Two people in a room, one of whom, a moderator, says a sentence. */
async function begin(options: { room: string; speech: Speech }) {
  const { room, speech } = options;
  const tap = new TranscriptTap();
  const serverUrl = stage.url;
  const listener = await PlayerPage.create({ browser, serverUrl, onTranscript: tap.onTranscript });
  await listener.joinAsListener({ displayName: 'Listener', room });
  const speaker = await PlayerPage.create({ browser, serverUrl, audioFile: speech.file });
  const token = await provider.token('ada', { name: 'Ada', realm_access: { roles: ['moderator'] } });
  await speaker.joinAsSpeaker({ displayName: 'Ada', room, token });
  const [sound = WHOLE] = await speaker.soundOf([WHOLE]);
  const { startedAtMs } = await speaker.startAt(Date.now() + START_LEAD_MS);
  return { tap, speaker, sound, startedAtMs };
}

describe('the last word', () => {
  it.each(
    (['mute', 'leave', 'endMeeting'] as const).flatMap((action) => SENTENCES.map((speech) => ({ action, speech }))),
  )(
    'is written when its speaker does $action as soon as it is said: $speech.text',
    async ({ action, speech }) => {
      const room = `last-words-${action}-${SENTENCES.indexOf(speech)}`;
      const { tap, speaker, sound, startedAtMs } = await begin({ room, speech });
      await speaker.actAt({ action, epochMs: startedAtMs + sound.endMs });
      stage.played({ ms: sound.endMs });
      const spoken = wordsOf(speech.text);
      const lastTwo = () => wordsOf(tap.text()).slice(-2);
      await expect.poll(lastTwo, { timeout: FINALS_TIMEOUT_MS }).toEqual(spoken.slice(-2));
      // What the model makes of the rest is another matter.
      expect(wordEdits(spoken, wordsOf(tap.text()))).toBeLessThanOrEqual(spoken.length / 3);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'before a mute in the middle of a sentence is the last: nothing that is said after it is sent',
    async () => {
      const { tap, speaker, sound, startedAtMs } = await begin({ room: 'private', speech: SPEECH.contract });
      const middleMs = (sound.startMs + sound.endMs) / 2;
      await speaker.actAt({ action: 'mute', epochMs: startedAtMs + middleMs });
      await speaker.ended();
      stage.played({ ms: middleMs });
      await expect.poll(() => tap.finals().length, { timeout: FINALS_TIMEOUT_MS }).toBe(1);
      const heard = wordsOf(tap.text());
      expect(heard.slice(0, 2)).toEqual(['please', 'review']);
      for (const word of ['contract', 'before', 'wednesday']) expect(heard).not.toContain(word);
    },
    TEST_TIMEOUT_MS,
  );
});
