import { PermanentInitError } from '../../process/runChild.js';
import { runAsrChild } from '../runAsrChild.js';
import { FakeEngine } from './FakeEngine.js';

/** An ASR process with the fake engine: supervision and transport are the real ones. Model paths decide how it starts. */
runAsrChild({
  async createEngine({ modelPath }) {
    if (modelPath === 'unreadable') throw new PermanentInitError('model unreadable cannot be read: not a ggml file');
    if (modelPath === 'broken') throw new Error('out of memory');
    return new FakeEngine({ model: modelPath });
  },
});
