import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_RECOGNITION_SETTINGS, type RecognitionRequest } from '@parley/media/asr';
import { AsrService, ModelStore } from '@parley/media/node';
import type { ModelProfile } from '@parley/media/settings';
import { RecognitionClient } from '@parley/media/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const addonBuilt = existsSync(new URL('native/dist/addon.json', root));
if (!addonBuilt) console.warn('SKIPPED: the native addon is not built, so the real engine is not tested');

async function speech(name: string): Promise<Int16Array> {
  const bytes = await readFile(new URL(`test/fixtures/speech/${name}.s16le`, root));
  return new Int16Array(new Uint8Array(bytes).buffer);
}

function request(pcm: Int16Array, fields: Partial<RecognitionRequest> = {}): RecognitionRequest {
  return {
    kind: 'final',
    meetingId: 'room',
    trackId: 'speaker',
    pcm,
    settings: DEFAULT_RECOGNITION_SETTINGS,
    deadlineMs: 20_000,
    ...fields,
  };
}

describe.skipIf(!addonBuilt)('the real engine with the built-in model', () => {
  let directory = '';
  let service: AsrService;
  let client: RecognitionClient;
  let modelPath = '';
  let profile: ModelProfile;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-engine-'));
    const store = new ModelStore({
      directory: join(directory, 'models'),
      builtInDirectory: fileURLToPath(new URL('native/models', root)),
    });
    const model = await store.resolve('parley-nano', { device: 'cpu' });
    modelPath = model.path;
    profile = model.profile;
    service = await AsrService.create({
      model,
      device: 'cpu',
      encoderDirectory: join(directory, 'encoders'),
      socketDirectory: directory,
      logger: () => {},
    });
    expect(await service.settled()).toMatchObject({
      state: 'ready',
      engine: { device: 'cpu', encoder: 'onnx' },
      model: { demo: true },
    });
    client = RecognitionClient.create({ socketPath: service.socketPath });
  }, 60_000);

  afterAll(async () => {
    await client?.close();
    await service?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('writes down an English sentence', async () => {
    const hypothesis = await client.recognize(request(await speech('en-01')));
    expect(hypothesis).toMatchObject({
      text: 'Please review the final version of the contract before Wednesday.',
      language: 'en',
    });
    expect(hypothesis.confidence).toBeGreaterThan(0.6);
  });

  it('finds the language of a German one', async () => {
    const hypothesis = await client.recognize(request(await speech('de-12')));
    expect(hypothesis.language).toBe('de');
    expect(hypothesis.languageProbability).toBeGreaterThan(0.5);
  });

  it('gives word times inside the audio, in order', async () => {
    const pcm = await speech('en-01');
    const settings = { ...DEFAULT_RECOGNITION_SETTINGS, language: 'en', words: true };
    const { words } = await client.recognize(request(pcm, { settings }));
    expect(words?.length).toBeGreaterThan(5);
    const times = (words ?? []).flatMap(({ startMs, endMs }) => [startMs, endMs]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(pcm.length / 16);
  });

  it('gives the same text with the draft of what was heard before, and with one of nonsense', async () => {
    const pcm = await speech('en-01');
    const settings = { ...DEFAULT_RECOGNITION_SETTINGS, language: 'en' };
    const { draft } = await client.recognize(request(pcm.slice(0, 0.7 * pcm.length), { kind: 'interim', settings }));
    expect(draft).toMatchObject({ model: 'parley-nano' });
    expect(draft?.tokens.length).toBeGreaterThan(3);
    const plain = await client.recognize(request(pcm, { settings }));
    for (const tokens of [draft?.tokens ?? [], plain.draft?.tokens ?? [], [60_000, 0, 60_000]]) {
      const guess = { model: 'parley-nano', tokens };
      const { text, draft: own } = await client.recognize(request(pcm, { settings, draft: guess }));
      expect(text).toBe(plain.text);
      expect(own).toEqual(plain.draft);
    }
  });

  it.each([0, 1, 200, 201, 479])('answers %i samples without a word', async (samples) => {
    expect((await client.recognize(request(new Int16Array(samples)))).text).toBe('');
  });

  it.each(['xx', 'it'])('refuses the language %s, which it does not know, and lives on', async (language) => {
    const settings = { ...DEFAULT_RECOGNITION_SETTINGS, language };
    const unknown = client.recognize(request(await speech('en-01'), { settings }));
    await expect(unknown).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(service.restarts).toBe(0);
  });

  it('gives the same text to four speakers at once as to one', async () => {
    const pcm = await speech('en-01');
    const alone = (await client.recognize(request(pcm))).text;
    const together = await Promise.all([1, 2, 3, 4].map((i) => client.recognize(request(pcm, { trackId: `s${i}` }))));
    expect(together.map(({ text }) => text)).toEqual([alone, alone, alone, alone]);
  });

  it('works without ONNX Runtime where no graph can be kept, and says so', async () => {
    const blocked = join(directory, 'blocked');
    await writeFile(blocked, '');
    const other = await AsrService.create({
      model: { path: modelPath, profile },
      device: 'cpu',
      encoderDirectory: blocked,
      socketDirectory: directory,
      name: 'plain',
      logger: () => {},
    });
    try {
      expect(await other.settled()).toMatchObject({
        state: 'ready',
        engine: { encoder: 'whispercpp' },
        reason: expect.stringMatching(/^ONNX Runtime cannot encode \(.*\); whisper\.cpp does it, more slowly\.$/),
      });
    } finally {
      await other.close();
    }
  });

  it('says at once that a model file cannot be used', async () => {
    const other = await AsrService.create({
      model: { path: fileURLToPath(import.meta.url), profile: { ...service.status.model, name: 'no model' } as never },
      device: 'cpu',
      socketDirectory: directory,
      name: 'other',
      logger: () => {},
    });
    const status = await other.settled();
    await other.close();
    expect(status).toMatchObject({ state: 'unavailable', reason: expect.stringContaining('cannot be used') });
    expect(modelPath).not.toBe('');
  });
});
