import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SpeechEngine, TranscribeJob } from '@parley/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPublishedModel } from '../settings/modelCatalogue.js';
import { comparableWords } from '../testing/comparableWords.js';
import { joinPcm } from '../testing/joinPcm.js';
import { type NoiseKind, noise } from '../testing/noises.js';
import { ENCODERS_DIRECTORY, leaveOut, MODELS_DIRECTORY, TEST_MODEL } from '../testing/publishedModels.js';
import { readSound } from '../worker/recordings/sound/readSound.js';
import { DEFAULT_RECOGNITION_SETTINGS, type Hypothesis, type RecognitionSettings } from './contract/recognition.js';
import { joinWords } from './contract/text/words.js';
import { encoderOf } from './engines/encoder/encoderOf.js';
import { createNativeEngine } from './engines/nativeEngine.js';
import { toHypothesis } from './filterResult.js';
import { transcribeJob } from './jobOptions.js';

const CLIPS = new URL('../../../test/fixtures/people/clips/', import.meta.url);
const TIMEOUT_MS = 240_000;
const modelPath = join(MODELS_DIRECTORY, `ggml-${TEST_MODEL}.bin`);
const profile = findPublishedModel(TEST_MODEL)?.profile;

/** Ten people and twenty terms, as a room may have them, and earlier text. */
const PROMPT =
  'Siobhan, Wojciech, Aleksandra, Matteo, Dashwood, Quilter, Yusuf, Ingrid, Thandiwe, Rajesh, Parley, mediasoup, Keycloak, ' +
  'Kubernetes, Postgres, gospel, apostle, Grafana, telemetry, backlog, sprint, retrospective, OAuth, WebRTC, Whisper, ' +
  'diarisation, Jira, Confluence, rollback, leisure. Thank you. I will send you the contract tomorrow.';

describe.skipIf(
  leaveOut({
    what: 'what is kept of the texts of a published model is not tested',
    missing: existsSync(modelPath)
      ? undefined
      : `there is no ${modelPath} (npm run parley -- models pull ${TEST_MODEL})`,
  }),
)('the texts of a published model', () => {
  let engine: SpeechEngine;
  beforeAll(async () => {
    const { encoder } = await encoderOf({ engine: 'onnx', device: 'cpu', modelPath, directory: ENCODERS_DIRECTORY });
    engine = await createNativeEngine({
      modelPath,
      device: 'cpu',
      lanes: 1,
      threadsPerLane: 1,
      flashAttention: false,
      ...(encoder === undefined ? {} : { encoder }),
    });
    expect(engine.info.encoder).toBe('onnx');
  }, TIMEOUT_MS);
  afterAll(() => engine?.close());

  async function hear(
    pcm: Int16Array,
    wishes: Partial<RecognitionSettings> = {},
    changes: Partial<TranscribeJob> = {},
  ): Promise<Hypothesis> {
    if (profile === undefined) throw new Error(`${TEST_MODEL} is not in the catalogue`);
    const settings = { ...DEFAULT_RECOGNITION_SETTINGS, language: 'en', words: true, ...wishes };
    const job = transcribeJob({ kind: 'interim', pcm, settings, profile, timeoutMs: TIMEOUT_MS });
    const result = await engine.transcribe({ ...job, ...changes });
    return toHypothesis({
      result,
      samples: pcm.length,
      settings,
      model: profile.name,
      times: { queuedMs: 0, engineMs: 0 },
    });
  }

  it.each([
    ['silence', -45],
    ['breath', -45],
    ['coughs', -45],
    ['babble', -45],
    ['babble', -20],
  ] satisfies [NoiseKind, number][])(
    'hold nothing of %s at %i dB, whatever the prompt has',
    async (kind, levelDb) => {
      expect((await hear(noise({ kind, seconds: 4, levelDb }), { prompt: PROMPT })).text).toBe('');
    },
    TIMEOUT_MS,
  );

  it(
    'hold the names of the prompt when they are said',
    async () => {
      const pcm = (await readSound(new URL('en-sense1.flac', CLIPS))).slice(0, 1.4 * 16_000);
      const { text } = await hear(pcm, { prompt: `And Mr. John Dashwood. ${PROMPT}` });
      expect(text).toMatch(/John Dashwood/u);
    },
    TIMEOUT_MS,
  );

  it(
    'hold a person once where the decoder goes in circles',
    async () => {
      // A window that ends within the speech: the model starts over and over.
      const pcm = await readSound(new URL('en-jfk.flac', CLIPS));
      const looping = await hear(pcm, { temperatureFallback: false }, { audioContext: 128 });
      expect(looping.text).toBe('and so my fellow Americans');
      expect(looping).not.toHaveProperty('truncated');
      // Eight more seconds of speech follow.
      expect(looping.loopAtMs).toBeGreaterThan(1_500);
      expect(looping.loopAtMs).toBeLessThan(3_500);
      expect(joinWords(looping.words ?? [])).toBe(looping.text);
    },
    TIMEOUT_MS,
  );

  it.each([320, 384, 448])(
    'hold a sentence once in a window of %i frames, a little longer than it is',
    async (audioContext) => {
      const pcm = await readSound(new URL('en-jfk.flac', CLIPS));
      for (const endMs of [10_400, 10_700, 11_000]) {
        const { text } = await hear(pcm.slice(5 * 16_000, endMs * 16), {}, { audioContext });
        expect(comparableWords(text).slice(0, 13)).toEqual(
          comparableWords('what your country can do for you ask what you can do for'),
        );
        expect(comparableWords(text).length).toBeLessThanOrEqual(15);
      }
    },
    TIMEOUT_MS,
  );

  it.each(['en-jfk', 'en-sense2', 'en-sense3', 'en-sense4'])(
    'hold %s once with beams, too, which like to repeat themselves',
    async (clip) => {
      const pcm = await readSound(new URL(`${clip}.flac`, CLIPS));
      const wishes = { beamSize: 5 };
      const start = clip === 'en-jfk' ? 5 * 16_000 : 0;
      for (const audioContext of [0, 320, 384]) {
        const { text } = await hear(pcm.slice(start), wishes, audioContext === 0 ? {} : { audioContext });
        const words = comparableWords(text);
        const pairs = words.map((_, index) => words.slice(index, index + 4).join(' ')).slice(0, -3);
        expect([audioContext, new Set(pairs).size, words.length > 3]).toEqual([audioContext, pairs.length, true]);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'hold twice what is said twice',
    async () => {
      const pcm = (await readSound(new URL('en-jfk.flac', CLIPS))).slice(0, 3 * 16_000);
      const { text } = await hear(joinPcm([pcm, pcm]));
      const said = comparableWords('and so my fellow Americans');
      expect(comparableWords(text)).toEqual([...said, ...said]);
    },
    TIMEOUT_MS,
  );

  it(
    'say that tokens were too few for what was said',
    async () => {
      const pcm = await readSound(new URL('en-jfk.flac', CLIPS));
      const cut = await hear(pcm, {}, { maxTokens: 12 });
      expect(cut.truncated).toBe(true);
      expect(cut.text).toMatch(/^And so my fellow Americans/u);
    },
    TIMEOUT_MS,
  );

  it.each(['ja', 'zh', 'th'])(
    'have the words of the text in %s, with spaces or without',
    async (language) => {
      const pcm = (await readSound(new URL('en-jfk.flac', CLIPS))).slice(0, 5 * 16_000);
      const { text, words = [] } = await hear(pcm, { language, noSpeechThreshold: 1, logProbabilityThreshold: -9 });
      expect(text).not.toBe('');
      expect(joinWords(words)).toBe(text);
    },
    TIMEOUT_MS,
  );
});
