import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testPartsOf } from './test.mjs';

let root;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-test-'));
  await writeFile(join(root, 'package.json'), JSON.stringify({ scripts: { lint: 'exit $LINT_CODE' } }));
  await mkdir(join(root, 'node_modules', '.bin'), { recursive: true });
  await writeFile(join(root, 'node_modules', '.bin', 'tsc'), '#!/bin/sh\necho "a.ts: wrong"\nexit $TYPES_CODE\n', {
    mode: 0o755,
  });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const report = (counts) =>
  `<testsuites tests="${counts.tests}"><testsuite name="a" tests="${counts.tests}" failures="${counts.failures ?? 0}" errors="0" skipped="${counts.skipped ?? 0}"></testsuite></testsuites>`;

/**
 * Runs the tests of a tree whose Vitest does what `behaviours` say.
 * @param {Record<string, { code?: number, signal?: string, xml?: string }>} behaviours by project
 */
async function runTests(behaviours, { args = [], lint = 0, types = 0 } = {}) {
  await mkdir(join(root, 'node_modules', 'vitest'), { recursive: true });
  await writeFile(
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    `import { writeFileSync } from 'node:fs';
    const value = (name) => process.argv.find((arg) => arg.startsWith(name))?.slice(name.length);
    const { code = 0, signal, xml } = ${JSON.stringify(behaviours)}[process.argv[process.argv.indexOf('--project') + 1]];
    if (xml !== undefined) writeFileSync(value('--outputFile.junit='), xml);
    if (signal) process.kill(process.pid, signal);
    process.exit(code);`,
  );
  const script = `
    import { createProgress } from ${JSON.stringify(new URL('./lib/progress.mjs', import.meta.url).href)};
    import { runTests } from ${JSON.stringify(new URL('./test.mjs', import.meta.url).href)};
    const [root, ...args] = process.argv.slice(1);
    process.exitCode = await runTests({ root, args, env: process.env, progress: createProgress() });`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script, '--', root, ...args],
    { encoding: 'utf8', env: { ...process.env, LINT_CODE: String(lint), TYPES_CODE: String(types) } },
  );
  return { status, stderr, lastLine: stdout.trimEnd().split('\n').at(-1), stdout };
}

const fine = { unit: { xml: report({ tests: 5, skipped: 1 }) }, integration: { xml: report({ tests: 2 }) } };

describe('npm test', () => {
  it('ends with one line that sums up lint, types and every project', async () => {
    const { status, lastLine, stdout } = await runTests({ ...fine, browser: { xml: report({ tests: 1 }) } });
    expect(lastLine).toBe('9 passed, 0 failed, 1 skipped');
    expect(stdout.endsWith(' skipped\n')).toBe(true);
    expect(status).toBe(0);
  });

  it('goes on after a failure, and fails', async () => {
    const unit = { code: 1, xml: report({ tests: 5, failures: 2 }) };
    const { status, lastLine } = await runTests({ ...fine, unit, browser: { xml: report({ tests: 1 }) } });
    expect(lastLine).toBe('8 passed, 2 failed, 0 skipped');
    expect(status).toBe(1);
  });

  it.each([
    ['is killed', { signal: 'SIGKILL' }, 'ended with code 137 and no report'],
    ['ends without a report', { code: 0 }, 'ended with code 0 and no report'],
  ])('counts a project that %s as a failure', async (_what, browser, text) => {
    const { status, lastLine } = await runTests({ ...fine, browser });
    expect(lastLine).toBe('8 passed, 1 failed, 1 skipped');
    expect(status).toBe(1);
    expect(await readFile(join(root, 'test-results', 'browser.xml'), 'utf8')).toContain(text);
  });

  it.each([
    ['finds no test', 0],
    ['fails though every test passed', 3],
  ])('fails where a project %s', async (_what, tests) => {
    const unit = { code: 1, xml: report({ tests }) };
    const { status, lastLine } = await runTests({ unit }, { args: ['unit'] });
    expect(lastLine).toBe(`${tests} passed, 1 failed, 0 skipped`);
    expect(status).toBe(1);
  });

  it('shows what lint and types say, counts them, and runs the projects all the same', async () => {
    const { status, lastLine, stderr } = await runTests(
      { ...fine, browser: { xml: report({ tests: 1 }) } },
      { lint: 1, types: 2 },
    );
    expect(lastLine).toBe('7 passed, 2 failed, 1 skipped');
    expect(stderr).toContain('a.ts: wrong');
    expect(status).toBe(1);
  });

  it('runs the asked parts alone, and never counts the reports of an earlier run', async () => {
    await mkdir(join(root, 'test-results'));
    await writeFile(join(root, 'test-results', 'unit.xml'), report({ tests: 50 }));
    const { lastLine } = await runTests(
      { unit: { code: 1 }, integration: fine.integration },
      { args: ['unit', 'integration', 'unit'] },
    );
    expect(lastLine).toBe('2 passed, 1 failed, 0 skipped');
  });
});

describe('the parts', () => {
  it('leave out flags and come once', () => {
    expect(testPartsOf(['unit', '--cuda', 'unit', 'browser'])).toEqual(['unit', 'browser']);
    expect(testPartsOf([])).toEqual([]);
  });

  it('have to exist', () => {
    expect(() => testPartsOf(['unit', 'e2e'])).toThrow('There is no test part e2e. Parts: unit, integration, browser.');
  });
});
