import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { excerpt, run, runInForeground } from './run.mjs';

const node = (script) => run(process.execPath, ['-e', script]);

describe('run', () => {
  it('gives what the program printed', async () => {
    expect(await node('console.log(1); console.error(2)')).toMatch(/1\n/);
  });

  it('fails with the code and the end of what the program printed', async () => {
    await expect(node('console.error("no disk"); process.exitCode = 3')).rejects.toThrow(/ended with code 3:\nno disk/);
  });

  it('says which program cannot be started', async () => {
    await expect(run('parley-no-such-program', [])).rejects.toThrow(/parley-no-such-program cannot be started/);
  });
});

it('excerpts keep the beginning and the end', () => {
  const text = Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n');
  const lines = excerpt(text, 8).split('\n');
  expect(lines).toHaveLength(9);
  expect(lines[0]).toBe('line 0');
  expect(lines.at(-1)).toBe('line 99');
});

describe('runInForeground', () => {
  it('passes the exit code on', async () => {
    expect(await runInForeground(process.execPath, ['-e', 'process.exit(7)'])).toBe(7);
  });

  it('passes SIGTERM on once, though it comes twice, and waits for the end', async () => {
    const served = `
      let signals = 0;
      process.on('SIGTERM', () => {
        if (++signals === 1) setTimeout(() => { console.log('signals', signals); process.exit(5); }, 300);
      });
      setInterval(() => {}, 1000);
      console.log('serving');`;
    const script = `
      import { runInForeground } from ${JSON.stringify(new URL('./run.mjs', import.meta.url).href)};
      process.exit(await runInForeground(process.execPath, ['-e', ${JSON.stringify(served)}]));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    const serving = new Promise((resolve) => {
      parent.stdout.on('data', (chunk) => {
        output += chunk;
        if (output.includes('serving')) resolve();
      });
    });
    await serving;
    parent.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 50));
    parent.kill('SIGTERM');
    const [code] = await once(parent, 'close');
    expect(output).toContain('signals 1');
    expect(code).toBe(5);
  });

  it.skipIf(process.platform === 'win32')('does not outlive a parent that is killed', async () => {
    const served = `
      process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0); });
      setInterval(() => {}, 1000);
      console.log('serving');`;
    const parent = startModule(`
      import { runInForeground } from ${RUN};
      await runInForeground(process.execPath, ['-e', ${JSON.stringify(served)}]);`);
    await parent.prints('serving');
    parent.child.kill('SIGKILL');
    // `close` comes when the last one that can write there has ended.
    await once(parent.child, 'close');
    expect(parent.output()).toContain('asked to end');
  });
});

describe('endChildrenOnSignals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s ends what is being run and what that has started, with code %d', async (signal, expected) => {
    // They end by themselves at last, so that a failure of this test leaves nothing behind.
    const grandchild = `setTimeout(() => {}, 15_000); console.log('building');`;
    const child = `
      require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' });
      setTimeout(() => {}, 15_000);`;
    const setUp = startModule(`
      import { spawn } from 'node:child_process';
      import { endChildrenOnSignals } from ${RUN};
      endChildrenOnSignals();
      spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });`);
    await setUp.prints('building');
    const startedAt = performance.now();
    setUp.child.kill(signal);
    // All three hold the same pipe: it closes when none is left.
    const [code] = await once(setUp.child, 'close');
    expect(code).toBe(expected);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

const RUN = JSON.stringify(new URL('./run.mjs', import.meta.url).href);

function startModule(script) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
    child.stdout.emit('printed');
  });
  const prints = async (text) => {
    while (!output.includes(text)) await once(child.stdout, 'printed');
  };
  return { child, output: () => output, prints };
}
