import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { engineThere } from './support/SpeechRig.js';

const BENCH = fileURLToPath(new URL('../../bench/dist/main.js', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-live-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.skipIf(!engineThere)(
  'measures one speaker at the pace of life, one row a count, every documented figure',
  async () => {
    const file = join(folder, 'figures.json');
    const flags = ['--speakers', '1', '--seconds', '10', '--json', file];
    const { stdout } = await promisify(execFile)(process.execPath, [BENCH, 'live', ...flags]);
    expect(stdout).toContain('| speakers');
    const figures = JSON.parse(await readFile(file, 'utf8'));
    expect(figures).toMatchObject({ benchmark: 'live', mode: 'balanced', model: 'parley-nano' });
    expect(figures.machine).toMatchObject({ cores: expect.any(Number), node: expect.any(String) });
    // Ten seconds alone: neither the sentences with a pause nor the monologues, which take minutes.
    expect(figures).not.toHaveProperty('monologue');
    expect(figures.rows).toHaveLength(1);
    const [row] = figures.rows;
    const pair = { p50: expect.any(Number), p95: expect.any(Number) };
    expect(row).toEqual({
      speakers: 1,
      vadEndToFinalMs: pair,
      speechEndToFinalMs: pair,
      speechStartToInterimMs: pair,
      wordToVisibleMs: pair,
      interimFreshnessMs: pair,
      discardedShare: expect.any(Number),
      drops: 0,
      wer: expect.any(Number),
      cpuShare: { pipelines: expect.any(Number), recogniser: expect.any(Number) },
      eventLoopDelayP99Ms: expect.any(Number),
    });
    expect(row.wer).toBeLessThan(0.25);
    // The hang-over is in it, so it cannot be less; on a busy machine it may be much more.
    expect(row.speechEndToFinalMs.p50).toBeGreaterThan(200);
    expect(row.speechEndToFinalMs.p50).toBeLessThan(5_000);
    expect(row.interimFreshnessMs.p50).toBeGreaterThan(0);
  },
);
