import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILT_IN_MODEL } from '../settings/modelCatalogue.js';
import { describeRecognizer, type RecognizerUnderTest } from '../testing/conformance/index.js';
import { ManualTime } from '../testing/ManualTime.js';
import { RecognitionClient } from '../worker/recognition/RecognitionClient.js';
import { AsrServer } from './AsrServer.js';
import type { Recognizer } from './contract/Recognizer.js';
import { LocalRecognizer } from './LocalRecognizer.js';
import { FakeEngine, type FakeJobScript } from './testing/FakeEngine.js';

const scripted = (script: FakeJobScript, pcm = new Int16Array(16_000)) => ({
  pcm,
  settings: { prompt: JSON.stringify(script) },
});

const spoken = (text: string) => {
  const words = text.split(' ').map((word, index) => ({
    text: word,
    startMs: 200 * index,
    endMs: 200 * index + 150,
    probability: 0.9,
  }));
  return { ...scripted({ text, words }), text };
};

/** A device with a fake engine, on clocks that go on when a test says so. What is due at once happens at once. */
async function openFake(
  open: (parts: {
    device: Parameters<typeof LocalRecognizer.create>[0];
    clientTime: ManualTime;
  }) => Promise<{ recognizer: Recognizer & { close(): Promise<void> }; close: () => Promise<void> }>,
): Promise<RecognizerUnderTest> {
  const time = new ManualTime(70_000);
  const clientTime = new ManualTime(9e10);
  let flow: NodeJS.Immediate;
  const move = () => {
    time.advance(0);
    clientTime.advance(0);
    flow = setImmediate(move);
  };
  move();
  const device = {
    engines: { final: { engine: new FakeEngine({ time }), profile: BUILT_IN_MODEL.profile } },
    plan: { jobs: 1, threadsPerJob: 1, cores: 1 },
    onFatal: (reason: string) => {
      throw new Error(reason);
    },
    time,
  };
  const { recognizer, close } = await open({ device, clientTime });
  return {
    recognizer,
    speech: ['hello there', 'how are you', 'see you tomorrow'].map(spoken),
    silence: scripted({ text: 'Thank you.', noSpeechProbability: 0.95, meanLogProbability: -2 }),
    endless: scripted({ hang: true }),
    async pass(ms) {
      // Messages come and go in turns of the loop.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      time.advance(ms);
      clientTime.advance(ms);
    },
    async close() {
      await close();
      clearImmediate(flow);
    },
  };
}

describeRecognizer({
  name: 'in this process',
  open: () =>
    openFake(async ({ device }) => ({ recognizer: await LocalRecognizer.create(device), close: async () => {} })),
});

describeRecognizer({
  name: 'behind a socket, with a clock of its own',
  open: () =>
    openFake(async ({ device, clientTime }) => {
      const directory = await mkdtemp(join(tmpdir(), 'parley-recognizer-'));
      const socketPath = join(directory, 'sub', 'asr.sock');
      const server = await AsrServer.create({ ...device, socketPath });
      const recognizer = await new Promise<RecognitionClient>((resolve) => {
        const client = RecognitionClient.create({
          socketPath,
          time: clientTime,
          onStateChange: (state) => {
            if (state === 'ready') resolve(client);
          },
        });
      });
      return {
        recognizer,
        async close() {
          await server.close();
          await rm(directory, { recursive: true, force: true });
        },
      };
    }),
});
