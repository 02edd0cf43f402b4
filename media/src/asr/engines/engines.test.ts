import { vi } from 'vitest';
import { audioContextFor, builtInOptions, job } from '../../../../native/test/support/builtInModel.js';
import { decodeAll, utterance } from '../../../../native/test/support/fixtures.js';
import { describeSpeechEngine } from '../../testing/conformance/index.js';
import { ManualTime } from '../../testing/ManualTime.js';
import { FakeEngine } from '../testing/FakeEngine.js';
import { createNativeEngine } from './nativeEngine.js';

// A busy machine takes seconds where an idle one takes one.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const spoken = utterance('en-04');
const pcm = decodeAll(spoken);

describeSpeechEngine({
  name: 'the fake one',
  async open() {
    const time = new ManualTime();
    const saying = (script: object) => job(pcm, { prompt: JSON.stringify(script) });
    return {
      engine: new FakeEngine({ time, capabilities: { maxJobs: 2 } }),
      job: saying({ text: 'hello there' }),
      text: 'hello there',
      endless: saying({ hang: true }),
      pass: (ms) => time.play(ms),
    };
  },
});

describeSpeechEngine({
  name: 'whisper.cpp with the built-in model',
  async open() {
    const samples = new Int16Array(30 * 16_000);
    for (let at = 0; at + pcm.length < samples.length; at += pcm.length) samples.set(pcm, at);
    return {
      engine: await createNativeEngine(builtInOptions({ lanes: 2 })),
      job: job(pcm, { audioContext: audioContextFor(pcm.length) }),
      text: spoken.text,
      // Half a minute through the full window with eight beams: seconds of work.
      endless: job(samples, { audioContext: 0, beamSize: 8 }),
      // Its own clock goes on without a test.
      pass: async () => {},
    };
  },
});
