import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const RUN = fileURLToPath(new URL('./run.mjs', import.meta.url));

let dir;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-run-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Runs the set-up with arguments that end it before it sets anything up. */
function setUp(args, env = {}) {
  return spawnSync(process.execPath, [RUN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PARLEY_CACHE: join(dir, 'cache'), ...env },
  });
}

describe('the command line of the set-up', () => {
  it.each([[['help']], [['--help']], [[]]])('shows its commands with %j and touches nothing', async (args) => {
    const { status, stdout, stderr } = setUp(args);
    expect(stdout).toMatch(/^Usage: npm COMMAND\n/);
    for (const verb of [
      'npm start',
      'npm test',
      'npm run demo',
      'npm run bench',
      'npm run build',
      'npm run size',
      'npm run parley',
    ])
      expect(stdout).toContain(verb);
    expect(stdout).toContain('npm run screenshots');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(await readdir(dir)).toEqual([]);
  });

  it.each(['frobnicate', 'constructor', '__proto__'])('names the command %s that it does not know', async (verb) => {
    const { status, stdout, stderr } = setUp([verb]);
    expect(stderr).toBe(`Unknown command ${verb}.\n\n`);
    expect(stdout).toMatch(/^Usage: npm COMMAND\n/);
    expect(status).toBe(1);
    expect(await readdir(dir)).toEqual([]);
  });

  it('says which test parts there are before it sets anything up', async () => {
    const { status, stderr } = setUp(['test', 'unti']);
    expect(stderr.trim()).toBe(
      'The set-up stopped. Unknown test part unti. Parts: unit, contract, integration, browser.',
    );
    expect(status).toBe(1);
    expect(await readdir(dir)).toEqual([]);
  });

  it('says in a sentence, without a stack, that the cache cannot be written', async () => {
    await writeFile(join(dir, 'file'), '');
    const { status, stderr } = setUp(['build'], { PARLEY_CACHE: join(dir, 'file', 'cache') });
    expect(stderr).toMatch(/The cache folder .* is not writable \(ENOTDIR\)\. Set PARLEY_CACHE to another folder\./);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(1);
  });
});
