import { describe, expect, it } from 'vitest';
import type { ModelProfile } from '../settings/modelProfile.js';
import { ManualTime } from '../testing/ManualTime.js';
import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionKind } from './contract/recognition.js';
import { Dispatcher } from './Dispatcher.js';
import { FakeEngine } from './testing/FakeEngine.js';

const MAIN_MS = 1_400;
const SMALL_MS = 50;
const PROFILE: ModelProfile = {
  name: 'main',
  demo: false,
  windowPolicy: 'floor',
  longestWindowMs: 28_000,
  multilingual: true,
};
/** Knows English alone. */
const SMALL: ModelProfile = { ...PROFILE, name: 'small', multilingual: false };

/** A device with a slow model for finals and a quick one for interims; `broken`: that one fails at its first job. */
async function twoModels(options: { broken?: boolean } = {}) {
  const time = new ManualTime();
  const main = new FakeEngine({ time, delayMs: () => MAIN_MS });
  const small = new FakeEngine({ time, delayMs: () => SMALL_MS });
  if (options.broken === true) small.transcribe = () => Promise.reject(new Error('broken'));
  const created = Dispatcher.create({
    engines: { final: { engine: main, profile: PROFILE }, interim: { engine: small, profile: SMALL } },
    plan: { jobs: 2, threadsPerJob: 1, cores: 2 },
    onFatal: () => {},
    time,
  });
  await time.advanceAsync(10_000, 10);
  const dispatcher = await created;
  for (const engine of [main, small]) engine.started.length = 0;
  const answers: string[] = [];
  const ask = (kind: RecognitionKind, options: { trackId: string; language: string }) => {
    const { trackId, language } = options;
    const askedAtMs = time.now();
    const note = (what: string) => answers.push(`${kind} of ${trackId} ${what} after ${time.now() - askedAtMs} ms`);
    dispatcher.submit({
      kind,
      meetingId: 'room',
      trackId,
      deadlineMs: 30_000,
      suspect: false,
      settings: { ...DEFAULT_RECOGNITION_SETTINGS, language },
      pcm: new Int16Array(4 * 16_000),
      onStarted: () => {},
      onResult: () => note('answered'),
      onError: ({ code }) => note(code),
    });
  };
  return { time, main, small, dispatcher, answers, ask };
}

describe('a device with a second model for interims', () => {
  it('gives an interim that the main model has to answer the time that the main model takes', async () => {
    const { time, main, small, dispatcher, answers, ask } = await twoModels();
    for (const trackId of ['ada', 'ben']) ask('interim', { trackId, language: 'de' });
    await time.advanceAsync(4_000, 10);
    expect(small.started).toHaveLength(0);
    expect(main.started).toHaveLength(2);
    // One place is left to finals, so that one waits for the other.
    expect(answers).toEqual(['interim of ada answered after 1400 ms', 'interim of ben answered after 2800 ms']);
    expect(dispatcher.stats.dropped).toEqual({});
    await dispatcher.close();
  });

  it('takes what the main model needed for no measure of the small one', async () => {
    const { time, main, small, dispatcher, answers, ask } = await twoModels();
    for (let round = 0; round < 5; round += 1) {
      ask('interim', { trackId: 'ada', language: 'de' });
      await time.advanceAsync(2_000, 10);
    }
    expect(main.started).toHaveLength(5);
    expect(dispatcher.usualMs).toEqual({ final: MAIN_MS, interim: SMALL_MS });
    ask('interim', { trackId: 'ada', language: 'en' });
    await time.advanceAsync(100, 10);
    expect(small.started).toHaveLength(1);
    expect(answers.at(-1)).toBe('interim of ada answered after 50 ms');
    await dispatcher.close();
  });

  it('uses the main model for all interims if the small one is broken', async () => {
    const { time, main, dispatcher, answers, ask } = await twoModels({ broken: true });
    expect(dispatcher.interimFailure).toBe('broken');
    expect(dispatcher.usualMs.interim).toBe(MAIN_MS);
    for (const trackId of ['ada', 'ben']) ask('interim', { trackId, language: 'en' });
    await time.advanceAsync(4_000, 10);
    expect(main.started).toHaveLength(2);
    expect(answers.at(-1)).toBe('interim of ben answered after 2800 ms');
    await dispatcher.close();
  });
});
