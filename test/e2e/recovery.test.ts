import { PlayerPage, wordEdits, wordsOf } from '@parley/demo';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from './support/Stage.js';
import { SPEECH } from './support/speech.js';
import { TranscriptTap } from './support/TranscriptTap.js';

const RECOVERY_MS = 5_000;
const FINALS_TIMEOUT_MS = 30_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.create();
}, 120_000);
afterEach((context) => stage.afterEach(context));
afterAll(() => stage?.close());

describe('a meeting goes on, heard and written down', () => {
  it.each(['asr', 'media', 'sfu'] as const)('within five seconds of the death of its %s process', async (kind) => {
    const browser = await stage.launch();
    const serverUrl = stage.url;
    const room = `recovery-${kind}`;
    const tap = new TranscriptTap();
    const listener = await PlayerPage.create({ browser, serverUrl, onTranscript: tap.onTranscript });
    await listener.joinAsListener({ displayName: 'Listener', room });
    const speaker = await PlayerPage.create({ browser, serverUrl, audioFile: SPEECH.contract.file });
    const { participantId } = await speaker.joinAsSpeaker({ displayName: 'Ada', room });

    const pid = [stage.server.childPids[kind]].flat()[0];
    if (pid === undefined) throw new Error(`no ${kind} process`);
    process.kill(pid, 'SIGKILL');
    const { startedAtMs } = await speaker.startAt(Date.now() + RECOVERY_MS);
    await speaker.ended();
    stage.played({ ms: Date.now() - startedAtMs });

    await expect
      .poll(() => wordEdits(wordsOf(SPEECH.contract.text), wordsOf(tap.text(participantId))), {
        timeout: FINALS_TIMEOUT_MS,
      })
      .toBeLessThan(3);
    expect(tap.finals(participantId).every(({ displayName }) => displayName === 'Ada')).toBe(true);
    const { packets } = await listener.received();
    expect(packets).toBeGreaterThan(0);
    await browser.close();
  }, 120_000);
});
