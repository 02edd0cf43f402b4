import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wavFile } from '@parley/media/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadPcm } from '../support/loadPcm.js';

const BENCH = fileURLToPath(new URL('../../bench/dist/main.js', import.meta.url));
const SECOND = 16_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-wer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('counts the word errors of a folder of recordings, through the pipeline and through the bare engine', async () => {
  const pcm = loadPcm('meeting-sarah').subarray(Math.round(0.9 * SECOND), Math.round(4.8 * SECOND));
  await writeFile(
    join(folder, 'welcome.wav'),
    wavFile({ values: Array.from(pcm, (value) => value / 32_768), encoding: 'pcm', bits: 16 }),
  );
  await writeFile(join(folder, 'welcome.txt'), 'GOOD MORNING EVERYONE AND WELCOME TO THE WEEKLY PROJECT REVIEW');
  const file = join(folder, 'figures.json');
  const flags = ['--data', folder, '--model', 'parley-nano', '--mode', 'fast', '--loss', '0,5', '--json', file];
  await promisify(execFile)(process.execPath, [BENCH, 'wer', ...flags]);
  const figures = JSON.parse(await readFile(file, 'utf8'));
  expect(figures).toMatchObject({ mode: 'fast', model: 'parley-nano', unmatched: [] });
  expect(figures.sum.map(({ way }: { way: string }) => way)).toEqual(['bare engine', 'pipeline', 'pipeline, 5 % lost']);
  for (const { words, wer, realTimeFactor, gaps } of figures.sum) {
    expect(words).toBe(10);
    expect(wer).toBeLessThan(0.25);
    expect(realTimeFactor).toBeGreaterThan(0);
    expect(gaps).toBe(0);
  }
  expect(figures.files).toHaveLength(3);
});

it('ends with a sentence where the model does not know the language', async () => {
  const flags = ['--data', folder, '--model', 'parley-nano', '--language', 'it'];
  await expect(promisify(execFile)(process.execPath, [BENCH, 'wer', ...flags])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('The model parley-nano does not know the language it. It knows de, en, es, fr.'),
  });
});
