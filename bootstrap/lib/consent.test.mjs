import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { agrees, takeYes, YES } from './consent.mjs';

/** A terminal with a user who types `answer`, or, if undefined, closes it. */
function terminal(answer) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  output.once('data', () => (answer === undefined ? input.end() : input.write(`${answer}\n`)));
  return { input, output, env: {} };
}

describe('consent', () => {
  it.each([
    ['y', true],
    ['Yes', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
    [undefined, false],
  ])('H13 at a terminal is what somebody types: %j is %s', async (answer, agreed) => {
    expect(await agrees('Install?', terminal(answer))).toBe(agreed);
  });

  it('H13 is not assumed where there is no terminal to ask at', async () => {
    const { input, output } = terminal('y');
    input.isTTY = false;
    expect(await agrees('Install?', { input, output, env: {} })).toBe(false);
    expect(output.read()).toBeNull();
  });

  it('H13 can be given beforehand, by --yes, which is not passed on', async () => {
    const args = ['--lan', '--yes', '--model', 'small'];
    const env = {};
    takeYes(args, env);
    expect(args).toEqual(['--lan', '--model', 'small']);
    const { input, output } = terminal('n');
    expect(await agrees('Install?', { input, output, env })).toBe(true);
    expect(await agrees('Install?', { input: new PassThrough(), output, env: { [YES]: 'no' } })).toBe(false);
  });

  it('H13 is given where CI is set, unless it is refused there', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    expect(await agrees('Install?', { input, output, env: { CI: 'true' } })).toBe(true);
    expect(await agrees('Install?', { input, output, env: { CI: 'true', [YES]: 'no' } })).toBe(false);
  });
});
