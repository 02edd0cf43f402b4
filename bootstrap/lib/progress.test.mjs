import { describe, expect, it } from 'vitest';
import { createProgress, durationText } from './progress.mjs';

function recording({ isTTY = false, env = {} } = {}) {
  let text = '';
  let nowMs = 0;
  const stream = { isTTY, write: (chunk) => (text += chunk) };
  const progress = createProgress({ stream, env, now: () => nowMs });
  return { progress, text: () => text, tick: (ms) => (nowMs += ms) };
}

describe('a step', () => {
  it('is one line with its detail and its duration', async () => {
    const { progress, text, tick } = recording();
    await progress.step('Build', async () => {
      tick(1_234);
      return { detail: 'pages' };
    });
    expect(text()).toBe('✓ Build  pages  1.2 s\n');
  });

  it('is silent when it had nothing to do', async () => {
    const { progress, text } = recording();
    await progress.step('Build', async () => ({ quiet: true }));
    expect(text()).toBe('');
  });

  it('that fails is marked and fails', async () => {
    const { progress, text } = recording();
    await expect(progress.step('Build', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(text()).toBe('✗ Build  0 ms\n');
  });

  it('warns instead of passing as done', async () => {
    const { progress, text } = recording();
    await progress.step('Addon', async () => ({ warning: 'no driver', quiet: true }));
    expect(text()).toBe('! Addon  no driver  0 ms\n');
  });

  it('says how far it is in few lines where there is no terminal', async () => {
    const { progress, text } = recording();
    await progress.step('Worker', async (report) => {
      for (let step = 1; step <= 200; step++) report(step / 200, `compiling ${step} of 200`);
      return {};
    });
    const lines = text().trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(6);
    expect(text()).not.toContain('\u001b');
    expect(text()).toContain('100 %');
  });

  it('has colours on a terminal only, and none with NO_COLOR', async () => {
    for (const [options, coloured] of [
      [{ isTTY: true }, true],
      [{ isTTY: true, env: { NO_COLOR: '1' } }, false],
      [{ isTTY: false }, false],
    ]) {
      const { progress, text } = recording(options);
      await progress.step('Build', async () => ({ detail: 'x' }));
      expect(text().includes('\u001b[32m'), JSON.stringify(options)).toBe(coloured);
    }
  });

  it.each([
    ['empty NO_COLOR', { NO_COLOR: '' }, true],
    ['a terminal that knows no codes', { TERM: 'dumb' }, false],
  ])('%s', async (_what, env, coloured) => {
    const { progress, text } = recording({ isTTY: true, env });
    await progress.step('Build', async (report) => {
      report(0.5, 'bundling');
      return { detail: 'x' };
    });
    expect(text().includes('\u001b[32m')).toBe(coloured);
    expect(text().includes('\r')).toBe(coloured);
  });

  it('on a terminal gives its line up to what is said meanwhile, and takes the next one', async () => {
    const { progress, text } = recording({ isTTY: true, env: { NO_COLOR: '1' } });
    await progress.step('Worker', async (report) => {
      report(undefined, 'asking');
      progress.line('Missing: cmake');
      await progress.step('Packages', async () => ({ detail: 'cmake' }));
      report(0.5, 'compiling');
      return { detail: 'compiled' };
    });
    expect(shown(text())).toEqual(['Missing: cmake', '✓ Packages  cmake  0 ms', '✓ Worker  compiled  0 ms', '']);
  });

  it('has no gap where there is no detail', async () => {
    const { progress, text } = recording();
    await progress.step('types', async () => {});
    expect(text()).toBe('✓ types  0 ms\n');
  });
});

/** What remains on a terminal: a rewritten line shows its last text. */
function shown(text) {
  return text.split('\n').map((line) => line.split('\r\u001b[2K').at(-1));
}

it.each([
  [12.4, '12 ms'],
  [1_250, '1.3 s'],
  [125_000, '2 min 5 s'],
  [59_960, '1 min 0 s'],
  [119_700, '2 min 0 s'],
])('says %d ms as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
