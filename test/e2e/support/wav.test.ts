import { expect, it } from 'vitest';
import { encodeWav } from './wav.js';

it('writes a WAV file that says what it holds', () => {
  const file = encodeWav({ samples: new Float32Array([0, 0.5, -1, 3, -3]), sampleRate: 48_000 });
  expect(file.length).toBe(44 + 10);
  expect(file.toString('latin1', 0, 4)).toBe('RIFF');
  expect(file.readUInt32LE(4)).toBe(file.length - 8);
  expect(file.toString('latin1', 8, 16)).toBe('WAVEfmt ');
  // PCM, mono, 48,000 samples and 96,000 bytes a second, 2 bytes a frame, 16 bits.
  expect([file.readUInt16LE(20), file.readUInt16LE(22), file.readUInt32LE(24)]).toEqual([1, 1, 48_000]);
  expect([file.readUInt32LE(28), file.readUInt16LE(32), file.readUInt16LE(34)]).toEqual([96_000, 2, 16]);
  expect(file.toString('latin1', 36, 40)).toBe('data');
  expect(file.readUInt32LE(40)).toBe(10);
  const samples = [0, 1, 2, 3, 4].map((index) => file.readInt16LE(44 + 2 * index));
  expect(samples).toEqual([0, 16_384, -32_767, 32_767, -32_767]);
});

it('writes an empty WAV file for no samples', () => {
  expect(encodeWav({ samples: new Float32Array(), sampleRate: 16_000 }).length).toBe(44);
});
