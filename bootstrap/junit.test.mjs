import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { countJunit, failuresOf, junitOf } from './junit.mjs';

const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));

describe('countJunit', () => {
  it('sums the suites of a report', () => {
    const xml = `<?xml version="1.0"?>
<testsuites name="vitest tests" tests="7" failures="1" errors="1" time="1">
  <testsuite name="a" tests="4" failures="1" errors="0" skipped="1" time="1"></testsuite>
  <testsuite name="b" tests="3" failures="0" errors="1" skipped="0" time="1"></testsuite>
</testsuites>`;
    expect(countJunit(xml)).toEqual({ passed: 4, failed: 2, skipped: 1 });
  });

  it('counts nothing in a report without tests', () => {
    expect(countJunit('<testsuites name="vitest tests"></testsuites>')).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });

  it('reads what Vitest writes: failures, skips, files that do not load, errors outside any test', async () => {
    const xml = await reportOf({
      'some.test.mjs': `
        import { expect, it } from 'vitest';
        it('passes', () => console.log('<testsuite tests="9" failures="9">'));
        it('<testsuite tests="5" failures="5">', () => expect('<testsuites tests="99">').toBe(''));
        it.skip('is skipped', () => {});
        it.todo('is to be done');`,
      'broken.test.mjs': `import './nothing.mjs';`,
      'late.test.mjs': `
        import { it } from 'vitest';
        it('passes, and throws later', async () => {
          setTimeout(() => { throw new Error('late'); }, 0);
          await new Promise((resolve) => setTimeout(resolve, 20));
        });`,
    });
    expect(countJunit(xml)).toEqual({ passed: 2, failed: 3, skipped: 2 });
    expect(failuresOf(xml)).toEqual([
      expect.stringContaining('broken.test.mjs'),
      expect.stringMatching(/^some\.test\.mjs: <testsuite tests="5" failures="5">$/),
      expect.stringContaining('late'),
    ]);
  });

  it('counts nothing where Vitest finds no test', async () => {
    expect(countJunit(await reportOf({}))).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});

/** @param {Record<string, string>} files test files by name @returns {Promise<string>} the report on them */
async function reportOf(files) {
  const folder = await mkdtemp(join(tmpdir(), 'parley-junit-'));
  try {
    await symlink(MODULES, join(folder, 'node_modules'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const file = join(folder, 'report.xml');
    const args = ['run', '--root', folder, '--reporter=junit', `--outputFile=${file}`];
    const env = { ...process.env };
    for (const name of Object.keys(env).filter((key) => key.startsWith('VITEST'))) delete env[name];
    spawnSync(process.execPath, [join(MODULES, 'vitest', 'vitest.mjs'), ...args], { env, stdio: 'ignore' });
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('junitOf', () => {
  it('is counted as one test that passed', () => {
    expect(countJunit(junitOf({ name: 'lint', seconds: 1 }))).toEqual({ passed: 1, failed: 0, skipped: 0 });
  });

  it('is counted as one that failed, whatever the output holds', () => {
    const xml = junitOf({ name: 'types', seconds: 1, failure: '<testsuite tests="9" failures="9"> & "\u001b[31mred"' });
    expect(countJunit(xml)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(xml).not.toContain('\u001b');
    expect(failuresOf(xml)).toEqual(['types']);
  });
});
