import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeRecognizer } from '@parley/media/conformance';
import { AsrService, ModelStore } from '@parley/media/node';
import { RecognitionClient } from '@parley/media/worker';
import { afterAll, beforeAll, describe } from 'vitest';

const root = new URL('../../', import.meta.url);
const addonBuilt = existsSync(new URL('native/dist/addon.json', root));
if (!addonBuilt) console.warn('SKIPPED: the native addon is not built, so the real engine is not tested');

const SPOKEN = [
  { name: 'en-01', language: 'en', text: 'Please review the final version of the contract before Wednesday.' },
  { name: 'de-12', language: 'de', text: 'Mein Kollege schickt die Rechnung am Montag.' },
  { name: 'es-11', language: 'es', text: 'Creo que el cliente necesita el contrato antes del mediodía.' },
];

async function speech(name: string): Promise<Int16Array> {
  const bytes = await readFile(new URL(`test/fixtures/speech/${name}.s16le`, root));
  return new Int16Array(new Uint8Array(bytes).buffer);
}

/** So much audio, over and over, that eight beams have seconds of work with it. */
function repeated(pcm: Int16Array): Int16Array {
  const samples = new Int16Array(30 * 16_000);
  for (let at = 0; at + pcm.length < samples.length; at += pcm.length) samples.set(pcm, at);
  return samples;
}

/** Until a message has reached another process, on a machine that has other things to do. */
const ON_ITS_WAY_MS = 30;

describe.skipIf(!addonBuilt)('the real engine in its process', () => {
  let directory = '';
  let service: AsrService;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-engine-'));
    const store = new ModelStore({
      directory: join(directory, 'models'),
      builtInDirectory: fileURLToPath(new URL('native/models', root)),
    });
    service = await AsrService.create({
      model: await store.resolve('parley-nano', { device: 'cpu' }),
      device: 'cpu',
      encoderDirectory: join(directory, 'encoders'),
      lanes: 1,
      socketDirectory: directory,
      logger: () => {},
    });
    await service.settled();
  }, 60_000);

  afterAll(async () => {
    await service?.close();
    await rm(directory, { recursive: true, force: true });
  });

  describeRecognizer({
    name: 'the built-in model behind a socket',
    async open() {
      const recognizer = await new Promise<RecognitionClient>((resolve) => {
        const client = RecognitionClient.create({
          socketPath: service.socketPath,
          onStateChange: (state) => {
            if (state === 'ready') resolve(client);
          },
        });
      });
      const spoken = await Promise.all(
        SPOKEN.map(async ({ name, language, text }) => ({ pcm: await speech(name), settings: { language }, text })),
      );
      return {
        recognizer,
        speech: spoken,
        silence: { pcm: new Int16Array(2 * 16_000), settings: { language: 'en' } },
        endless: { pcm: repeated(await speech('en-01')), settings: { language: 'en', beamSize: 8 } },
        pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms + ON_ITS_WAY_MS)),
        close: async () => {},
      };
    },
  });
});
