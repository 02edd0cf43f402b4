import { describe, expect, it } from 'vitest';
import { phraseOfFile } from './phraseOfFile.js';

describe('phraseOfFile', () => {
  it.each([
    ['/models/hey_jarvis_v0.1.onnx', 'hey jarvis'],
    ['/models.v2/hey-jarvis-v2.onnx', 'hey jarvis'],
    ['Hey Parley V1_0_3.onnx', 'Hey Parley'],
    ['hey__parley--now_.onnx', 'hey parley now'],
    ['alexa.onnx', 'alexa'],
    ['alexa_v0.1', 'alexa'],
  ])('reads %s as a phrase without its version', (file, phrase) => {
    expect(phraseOfFile(file)).toBe(phrase);
  });

  it('keeps what only looks like a version', () => {
    expect(phraseOfFile('room_101.onnx')).toBe('room 101');
    expect(phraseOfFile('rev2.onnx')).toBe('rev2');
    expect(phraseOfFile('hey_v8_engine.onnx')).toBe('hey v8 engine');
    expect(phraseOfFile('v8.onnx')).toBe('v8');
  });

  it('is never empty', () => {
    expect(phraseOfFile('_v2.onnx')).toBe('_v2');
  });
});
