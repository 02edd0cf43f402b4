import { afterEach, expect, test, vi } from 'vitest';
import { createLevelMeter } from './createLevelMeter.js';

let amplitude = 0;
let state: AudioContextState = 'suspended';
class FakeContext {
  get state() {
    return state;
  }
  createMediaStreamSource = () => ({ connect() {}, disconnect() {} });
  createAnalyser = () => ({ fftSize: 0, getFloatTimeDomainData: (samples: Float32Array) => samples.fill(amplitude) });
  resume = async () => {
    state = 'running';
  };
  close = async () => {
    state = 'closed';
  };
}
afterEach(() => vi.unstubAllGlobals());

test('shows silence as 0, full scale as 1 and half of the scale in dB as one half', () => {
  vi.stubGlobal('AudioContext', FakeContext);
  vi.stubGlobal('MediaStream', class {});
  const meter = createLevelMeter({} as MediaStreamTrack);
  expect(state).toBe('running');
  const levels = [0, 1, 10 ** (-30 / 20), 10 ** (-70 / 20), 2].map((value) => {
    amplitude = value;
    return meter.level();
  });
  expect(levels.map((level) => Math.round(level * 100) / 100)).toEqual([0, 1, 0.5, 0, 1]);
  meter.close();
  meter.close();
  expect(state).toBe('closed');
});
