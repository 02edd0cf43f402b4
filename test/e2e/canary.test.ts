import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlayerPage } from '@parley/demo';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';
import { TranscriptTap } from './support/TranscriptTap.js';

const NAME = 'Wilhelmina Zwirnknopf';
const SECRET = 'correct horse battery staple';
/** Words of the sentence that stand nowhere else in this program. */
const SPOKEN = ['contract', 'before wednesday', 'final version'];

let stage: Stage;
let logFile: string;
beforeAll(async () => {
  // The most talkative level: what is not in there is nowhere.
  stage = await Stage.create((folder) => {
    logFile = join(folder, 'server.log');
    return { joinSecret: SECRET, log: { level: 'trace', file: logFile } };
  });
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

it('leaves no trace of what was said, by whom and with which secret, in any log', async () => {
  const browser = await stage.launch();
  const tap = new TranscriptTap();
  const where = { browser, serverUrl: stage.url };
  const room = { room: 'canary', joinSecret: SECRET };
  const listener = await PlayerPage.create({ ...where, onTranscript: tap.onTranscript });
  await listener.joinAsListener({ displayName: 'Listener', ...room });
  const speaker = await PlayerPage.create({ ...where, audioFile: SPEECH.contract.file });
  await speaker.joinAsSpeaker({ displayName: NAME, ...room });
  const { startedAtMs } = await speaker.startAt(Date.now() + 500);
  await speaker.ended();
  stage.played({ ms: Date.now() - startedAtMs });
  await tap.speakersWithFinals(1, 30_000);
  expect(tap.text().toLowerCase()).toContain('contract');
  await browser.close();
  // A client that is refused is worth a line, too.
  const stranger = await stage.launch();
  const refused = await PlayerPage.create({ browser: stranger, serverUrl: stage.url });
  await expect(refused.joinAsListener({ displayName: NAME, room: 'canary' })).rejects.toThrow();
  await stranger.close();

  const read = async () => {
    const texts = await Promise.all([logFile, stage.auditFile].map((file) => readFile(file, 'utf8')));
    return texts.join('\n').toLowerCase();
  };
  await expect.poll(read).toContain('"event":"denied"');
  const logs = await read();
  expect(logs).toContain('"joined"');
  for (const canary of [...SPOKEN, NAME, 'zwirnknopf', SECRET]) expect(logs).not.toContain(canary.toLowerCase());
}, 120_000);
