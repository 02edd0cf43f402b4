import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsBrowsers, needsKeycloak, needsModel, partVariables, testPartsOf } from './test.mjs';

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
async function runTests(behaviours, { args = [], lint = 0, types = 0, keycloak, nginx, model, require = '' } = {}) {
  await mkdir(join(root, 'node_modules', 'vitest'), { recursive: true });
  await writeFile(
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    `import { writeFileSync } from 'node:fs';
    const value = (name) => process.argv.find((arg) => arg.startsWith(name))?.slice(name.length);
    const { code = 0, signal, xml } = ${JSON.stringify(behaviours)}[process.argv[process.argv.indexOf('--project') + 1]];
    console.log('Keycloak', process.env.PARLEY_KEYCLOAK, process.env.PARLEY_KEYCLOAK_SKIPPED);
    if (xml !== undefined) writeFileSync(value('--outputFile.junit='), xml);
    if (signal) process.kill(process.pid, signal);
    process.exit(code);`,
  );
  const script = `
    import { createProgress } from ${JSON.stringify(new URL('./lib/progress.mjs', import.meta.url).href)};
    import { runTests } from ${JSON.stringify(new URL('./test.mjs', import.meta.url).href)};
    const [root, ...args] = process.argv.slice(1);
    process.exitCode = await runTests({ root, args, env: process.env, progress: createProgress(), keycloak: ${JSON.stringify(keycloak)}, nginx: ${JSON.stringify(nginx)}, model: ${JSON.stringify(model)} });`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script, '--', root, ...args],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        LINT_CODE: String(lint),
        TYPES_CODE: String(types),
        PARLEY_KEYCLOAK: '/old',
        PARLEY_REQUIRE_KEYCLOAK: require,
        PARLEY_REQUIRE_MODEL: require,
        PARLEY_REQUIRE_NGINX: require,
      },
    },
  );
  return { status, stderr, lastLine: stdout.trimEnd().split('\n').at(-1), stdout };
}

const fine = {
  unit: { xml: report({ tests: 5, skipped: 1 }) },
  contract: { xml: report({ tests: 3 }) },
  integration: { xml: report({ tests: 2 }) },
};

describe('npm test', () => {
  it('ends with one line that sums up lint, types and every project', async () => {
    const { status, lastLine, stdout } = await runTests({ ...fine, browser: { xml: report({ tests: 1 }) } });
    expect(lastLine).toBe('12 passed, 0 failed, 1 skipped');
    expect(stdout.endsWith(' skipped\n')).toBe(true);
    expect(status).toBe(0);
  });

  it('goes on after a failure, and fails', async () => {
    const unit = { code: 1, xml: report({ tests: 5, failures: 2 }) };
    const { status, lastLine } = await runTests({ ...fine, unit, browser: { xml: report({ tests: 1 }) } });
    expect(lastLine).toBe('11 passed, 2 failed, 0 skipped');
    expect(status).toBe(1);
  });

  it.each([
    ['is killed', { signal: 'SIGKILL' }, 'ended with code 137 and no report'],
    ['ends without a report', { code: 0 }, 'ended with code 0 and no report'],
  ])('counts a project that %s as a failure', async (_what, browser, text) => {
    const { status, lastLine } = await runTests({ ...fine, browser });
    expect(lastLine).toBe('11 passed, 1 failed, 1 skipped');
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
    expect(lastLine).toBe('10 passed, 2 failed, 1 skipped');
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

describe('npm test with a real Keycloak', () => {
  const args = ['unit'];
  const unit = { xml: report({ tests: 5 }) };

  it('tells the tests where it is, in place of an older one', async () => {
    const { stdout, lastLine } = await runTests({ unit }, { args, keycloak: { home: '/cache/keycloak' } });
    expect(stdout).toContain('Keycloak /cache/keycloak undefined');
    expect(stdout).not.toContain('did not run');
    expect(lastLine).toBe('5 passed, 0 failed, 0 skipped');
  });

  it('says before the summary, which stays the last line, why there is none', async () => {
    const { status, stdout, lastLine } = await runTests({ unit }, { args, keycloak: { skipped: 'no route to host' } });
    expect(stdout).toContain('Keycloak undefined no route to host');
    expect(stdout.trimEnd().split('\n').at(-3)).toBe('Tests against a real Keycloak did not run: no route to host');
    expect(lastLine).toBe('5 passed, 0 failed, 0 skipped');
    expect(status).toBe(0);
  });

  it('fails without one where it is required, after everything else has run', async () => {
    const keycloak = { skipped: 'no route to host' };
    const { status, lastLine } = await runTests({ unit }, { args, keycloak, require: '1' });
    expect(lastLine).toBe('5 passed, 1 failed, 0 skipped');
    expect(status).toBe(1);
    expect(await readFile(join(root, 'test-results', 'keycloak.xml'), 'utf8')).toContain('no route to host');
  });

  it('asks for none where the unit tests alone are wanted', async () => {
    expect(needsKeycloak(['unit', '--cuda'])).toBe(false);
    expect(needsKeycloak([])).toBe(true);
    expect(needsKeycloak(['unit', 'browser'])).toBe(true);
    expect(needsKeycloak(['integration'])).toBe(true);
    expect(partVariables({})).toHaveProperty('PARLEY_KEYCLOAK', undefined);
    expect(partVariables({})).toHaveProperty('PARLEY_KEYCLOAK_SKIPPED', undefined);
    const { lastLine } = await runTests({ unit }, { args, require: '1' });
    expect(lastLine).toBe('5 passed, 0 failed, 0 skipped');
  });
});

describe('npm test with an nginx', () => {
  const options = { args: ['unit'], nginx: { skipped: 'no package list' } };
  const unit = { xml: report({ tests: 5 }) };

  it('tells the tests where it is, or why there is none, and nothing of an earlier run', () => {
    expect(partVariables({ nginx: { program: '/cache/nginx' } })).toMatchObject({ PARLEY_NGINX: '/cache/nginx' });
    expect(partVariables(options)).toMatchObject({ PARLEY_NGINX_SKIPPED: 'no package list', PARLEY_NGINX: undefined });
    expect(partVariables({})).toHaveProperty('PARLEY_NGINX', undefined);
  });

  it('says before the summary why there is none, and fails where it is required', async () => {
    const { status, stdout } = await runTests({ unit }, options);
    expect(stdout).toContain('Tests against a real nginx did not run: no package list');
    expect(status).toBe(0);
    expect(await runTests({ unit }, { ...options, require: '1' })).toMatchObject({ status: 1 });
  });
});

describe('npm test with a published model', () => {
  const args = ['unit'];
  const unit = { xml: report({ tests: 5 }) };
  const model = { skipped: 'the registry hangs' };

  it('says before the summary why there is none', async () => {
    const { status, stdout, lastLine } = await runTests({ unit }, { args, model });
    expect(stdout).toContain('Tests against published models did not run: the registry hangs');
    expect(lastLine).toBe('5 passed, 0 failed, 0 skipped');
    expect(status).toBe(0);
  });

  it('fails without one where it is required, and with each thing that is missing', async () => {
    const alone = await runTests({ unit }, { args, model, require: '1' });
    expect(alone).toMatchObject({ status: 1, lastLine: '5 passed, 1 failed, 0 skipped' });
    const both = await runTests({ unit }, { args, model, keycloak: { skipped: 'no route' }, require: '1' });
    expect(both.lastLine).toBe('5 passed, 2 failed, 0 skipped');
    expect(await readFile(join(root, 'test-results', 'model.xml'), 'utf8')).toContain('the registry hangs');
  });

  it('passes with one', async () => {
    expect((await runTests({ unit }, { args, model: {}, require: '1' })).status).toBe(0);
  });

  it('asks for none where the contract alone is wanted', () => {
    expect(needsModel([])).toBe(true);
    expect(needsModel(['unit'])).toBe(true);
    expect(needsModel(['contract'])).toBe(false);
  });
});

describe('the parts', () => {
  it('leave out flags and come once', () => {
    expect(testPartsOf(['unit', '--cuda', 'unit', 'browser'])).toEqual(['unit', 'browser']);
    expect(testPartsOf([])).toEqual([]);
  });

  it('need Firefox where the browser tests are among them', () => {
    expect(needsBrowsers([])).toBe(true);
    expect(needsBrowsers(['unit', 'browser'])).toBe(true);
    expect(needsBrowsers(['unit', 'integration', '--cuda'])).toBe(false);
  });

  it('have to exist', () => {
    expect(() => testPartsOf(['unit', 'e2e'])).toThrow(
      'Unknown test part e2e. Parts: unit, contract, integration, browser.',
    );
  });
});
