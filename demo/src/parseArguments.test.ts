import { describe, expect, it } from 'vitest';
import { parseArguments } from './parseArguments.js';

describe('the arguments of the demo', () => {
  it('let the server choose its model, and the model the meeting', () => {
    expect(parseArguments([])).toEqual({ help: false, keep: false, model: 'auto' });
  });

  it('may name a model, a meeting and a file', () => {
    const args = ['--model', 'base-q8_0', '--meeting', 'people', '--json', 'score.json', '--keep'];
    expect(parseArguments(args)).toEqual({
      help: false,
      keep: true,
      model: 'base-q8_0',
      meeting: 'people',
      jsonFile: 'score.json',
    });
  });

  it('may name a server that runs already, whose secret is in the environment', () => {
    const args = ['--server', 'https://localhost:8443'];
    expect(parseArguments(args, { PARLEY_JOIN_SECRET: 'abcdef' })).toMatchObject({
      serverUrl: 'https://localhost:8443',
      joinSecret: 'abcdef',
    });
    expect(parseArguments([], { PARLEY_JOIN_SECRET: 'abcdef' })).not.toHaveProperty('joinSecret');
    expect(() => parseArguments([...args, '--secret', 'abcdef'])).toThrow();
  });

  it('are refused where a model or a meeting is asked for and not named', () => {
    expect(() => parseArguments(['--meeting', ''])).toThrow('--meeting is empty.');
    expect(() => parseArguments(['--model'])).toThrow(/argument missing/);
  });
});
