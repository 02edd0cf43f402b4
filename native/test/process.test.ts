import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { loadNative } from '../lib/index.js';
import { builtInModel } from './support/builtInModel.js';

// Each test starts a process and loads a model in it.
vi.setConfig({ testTimeout: 60_000 });

const PROCESSES = 25;

/** Runs a script in a process of its own, with the addon as `addon`, a loader of engines and a job at hand. */
async function inProcess(body: string): Promise<{ stdout: string; stderr: string }> {
  const script = `
    const addon = require(${JSON.stringify(join(loadNative().folder, 'parley_native.node'))});
    const load = (changes = {}) => addon.loadEngine({
      modelPath: ${JSON.stringify(builtInModel())}, device: 'cuda', lanes: 2, threadsPerLane: 1, flashAttention: false, ...changes });
    const job = (changes = {}) => ({ pcm: new Int16Array(32000), language: 'auto', translate: false, audioContext: 0, beamSize: 1,
      maxTokens: 224, prompt: '', temperature: 0, temperatureIncrement: 0.2, words: true, timeoutMs: 0, ...changes });
    (async () => { ${body} })();`;
  return await promisify(execFile)(process.execPath, ['--expose-gc', '--eval', script], { timeout: 60_000 });
}

describe('the process around the addon', () => {
  it('sees nothing on its outputs, whatever goes wrong inside', async () => {
    const { stdout, stderr } = await inProcess(`
      await load({ modelPath: '/nowhere/model.bin' }).catch((error) => { if (error.code !== 'NATIVE_MODEL_UNREADABLE') process.exitCode = 3; });
      await load({ modelPath: process.execPath }).catch((error) => { if (error.code !== 'NATIVE_MODEL_UNREADABLE') process.exitCode = 4; });
      const { engine } = await load();
      await engine.transcribe(0, job());
      await engine.transcribe(0, job({ pcm: new Int16Array(0), prompt: '\\u2603\\u0001'.repeat(50) }));
      await engine.transcribe(1, job({ timeoutMs: 5 })).catch(() => undefined);
      const decoder = new addon.OpusDecoder();
      decoder.decode(new Uint8Array([255, 255, 255]), new Int16Array(1920));
      await engine.close();`);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  });

  it('may end while jobs run and engines are open, at whatever moment', async () => {
    // The lanes must stand still before the libraries' statics are destroyed: a race that one process wins more often than not.
    for (let delayMs = 0; delayMs < PROCESSES; delayMs += 1) {
      const exit = delayMs === 0 ? 'process.exit(0);' : `setTimeout(() => process.exit(0), ${delayMs});`;
      await expect(
        inProcess(`const { engine } = await load(); engine.transcribe(0, job()); engine.transcribe(1, job()); ${exit}`),
      ).resolves.toMatchObject({ stderr: '' });
    }
  });

  it('ends by itself with an idle engine open, and not before a running job is answered', async () => {
    const { stdout } = await inProcess(
      `const { engine } = await load(); engine.transcribe(0, job()).then(() => process.stdout.write('answered'));`,
    );
    expect(stdout).toBe('answered');
  });

  it('answers a job whose engine nobody holds any more', async () => {
    const { stdout, stderr } = await inProcess(`
      const start = async () => { const { engine } = await load(); return engine.transcribe(0, job()).then(() => 'answered'); };
      const answers = [];
      for (let i = 0; i < 3; i++) answers.push(start());
      const collecting = setInterval(() => gc(), 5);
      process.stdout.write((await Promise.all(answers)).join(' '));
      clearInterval(collecting);
      for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate); }`);
    expect({ stdout, stderr }).toEqual({ stdout: 'answered answered answered', stderr: '' });
  });

  it('may use the addon in worker threads that come and go', async () => {
    const { stderr } = await inProcess(`
      const { Worker } = require('node:worker_threads');
      const source = 'const addon = require(' + JSON.stringify(require.resolve(${JSON.stringify(
        join(loadNative().folder, 'parley_native.node'),
      )})) + '); new addon.OpusDecoder().conceal(320, new Int16Array(320));';
      for (let i = 0; i < 3; i++) await new Promise((done) => new Worker(source, { eval: true }).on('exit', done));`);
    expect(stderr).toBe('');
  });
});
