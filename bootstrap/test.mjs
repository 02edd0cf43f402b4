import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countJunit, failuresOf, junitOf } from './junit.mjs';
import { endChildrenOnSignals, run, runInForeground } from './lib/run.mjs';
import { SetupError } from './lib/SetupError.mjs';

const PROJECTS = ['unit', 'contract', 'integration', 'browser'];
const PROJECTS_WITH_KEYCLOAK = ['integration', 'browser'];

/** @typedef {{ home: string } | { skipped: string }} Keycloak its folder, or why there is none, in one line */
/** @typedef {{ program: string } | { skipped: string }} Nginx its program, or why there is none, in one line */

/**
 * @param {string[]} args
 * @returns {string[]} the requested parts, each once; none means all
 * @throws SetupError for one that does not exist
 */
export function testPartsOf(args) {
  const parts = [...new Set(args.filter((arg) => !arg.startsWith('-')))];
  const unknown = parts.filter((part) => !PROJECTS.includes(part));
  if (unknown.length > 0)
    throw new SetupError(`Unknown test part ${unknown.join(', ')}. Parts: ${PROJECTS.join(', ')}.`);
  return parts;
}

/** @param {string[]} args @returns {boolean} whether tests with Keycloak are requested */
export function needsKeycloak(args) {
  const parts = testPartsOf(args);
  return parts.length === 0 || parts.some((part) => PROJECTS_WITH_KEYCLOAK.includes(part));
}

/** @param {string[]} args @returns {boolean} whether tests with a published model are requested */
export function needsModel(args) {
  const parts = testPartsOf(args);
  return parts.length === 0 || parts.some((part) => part !== 'contract');
}

/** @param {string[]} args @returns {boolean} whether the browser tests, which need Firefox and nginx beside Chromium, are among what is asked for */
export function needsBrowsers(args) {
  const parts = testPartsOf(args);
  return parts.length === 0 || parts.includes('browser');
}

/**
 * @param {{ keycloak?: Keycloak | undefined, nginx?: Nginx | undefined }} parts
 * @returns {NodeJS.ProcessEnv} what tells the tests where they are, or why their tests are to be skipped; all, so that no older value stays
 */
export function partVariables({ keycloak, nginx }) {
  const { home, skipped } = /** @type {{ home?: string, skipped?: string }} */ (keycloak ?? {});
  const { program, skipped: withoutNginx } = /** @type {{ program?: string, skipped?: string }} */ (nginx ?? {});
  return {
    PARLEY_KEYCLOAK: home,
    PARLEY_KEYCLOAK_SKIPPED: skipped,
    PARLEY_NGINX: program,
    PARLEY_NGINX_SKIPPED: withoutNginx,
  };
}

/**
 * Lint, types, then the test projects one after the other. The last line sums everything up.
 * @param {object} options
 * @param {string} options.root
 * @param {string[]} options.args
 * @param {NodeJS.ProcessEnv} options.env
 * @param {ReturnType<import('./lib/progress.mjs').createProgress>} options.progress
 * @param {Keycloak} [options.keycloak] absent where no test needs it; one that is missing fails with PARLEY_REQUIRE_KEYCLOAK=1
 * @param {Nginx} [options.nginx] likewise, with PARLEY_REQUIRE_NGINX=1
 * @param {{ skipped?: string }} [options.model] why there is no published model; a missing one fails with PARLEY_REQUIRE_MODEL=1
 * @returns {Promise<number>} the exit code
 */
export async function runTests({ root, args, env: given, progress, keycloak, nginx, model }) {
  const parts = testPartsOf(args);
  const env = { ...given, ...partVariables({ keycloak, nginx }) };
  const reports = join(root, 'test-results');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  let failedRun = false;
  if (parts.length === 0) failedRun = !(await runChecks({ root, env, progress, reports }));

  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
  for (const project of parts.length === 0 ? PROJECTS : parts) {
    const file = join(reports, `${project}.xml`);
    const code = await runInForeground(
      process.execPath,
      [
        join(root, 'node_modules', 'vitest', 'vitest.mjs'),
        'run',
        '--project',
        project,
        '--reporter=default',
        '--reporter=junit',
        `--outputFile.junit=${file}`,
      ],
      { cwd: root, env },
    );
    // Ctrl-C ends all parts, not just this one.
    if (interrupted) return 130;
    if (code !== 0) failedRun = true;
    // A killed run leaves no report; that must not look like a run without failures.
    if (!existsSync(file))
      writeFileSync(file, junitOf({ name: project, seconds: 0, failure: `ended with code ${code} and no report` }));
  }

  const names = [...(parts.length === 0 ? ['lint', 'types', ...PROJECTS] : parts)];
  const missing = [
    {
      name: 'keycloak',
      what: 'a real Keycloak',
      require: 'PARLEY_REQUIRE_KEYCLOAK',
      reason: keycloak !== undefined && 'skipped' in keycloak ? keycloak.skipped : undefined,
    },
    {
      name: 'nginx',
      what: 'a real nginx',
      require: 'PARLEY_REQUIRE_NGINX',
      reason: nginx !== undefined && 'skipped' in nginx ? nginx.skipped : undefined,
    },
    { name: 'model', what: 'published models', require: 'PARLEY_REQUIRE_MODEL', reason: model?.skipped },
  ].filter(({ reason }) => reason !== undefined);
  for (const { name, require, reason } of missing.filter(({ require }) => env[require] === '1')) {
    const failure = `${require} is 1, but this is not available: ${reason}`;
    writeFileSync(join(reports, `${name}.xml`), junitOf({ name, seconds: 0, failure }));
    names.push(name);
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const failures = [];
  for (const name of names) {
    const xml = readFileSync(join(reports, `${name}.xml`), 'utf8');
    failures.push(...failuresOf(xml));
    const counts = countJunit(xml);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  if (failedRun && total.failed === 0) total.failed = 1;
  for (const { what, reason } of missing) {
    process.stdout.write(`\nTests against ${what} did not run: ${reason}\n`);
  }
  // Again at the end, so that the last lines of a long log show them.
  for (const failure of failures) process.stdout.write(`\nfailed: ${failure}`);
  if (failures.length > 0) process.stdout.write('\n');
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  return failedRun || total.failed > 0 ? 1 : 0;
}

/**
 * Lint and types, each with a report like a test's.
 * @param {{ root: string, env: NodeJS.ProcessEnv, progress: ReturnType<import('./lib/progress.mjs').createProgress>, reports: string }} options
 * @returns {Promise<boolean>} whether both passed
 */
async function runChecks({ root, env, progress, reports }) {
  const checks = /** @type {[string, string, string[]][]} */ ([
    ['lint', 'npm', ['run', '--silent', 'lint']],
    ['types', join(root, 'node_modules', '.bin', 'tsc'), ['-b']],
  ]);
  const stopEndingChildren = endChildrenOnSignals();
  let passed = true;
  for (const [name, program, args] of checks) {
    const startedAt = performance.now();
    /** @type {string | undefined} */
    let failure;
    try {
      await progress.step(name, async () => {
        await run(program, args, { cwd: root, env, tailLines: 80 });
        return {};
      });
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      progress.line(failure);
      passed = false;
    }
    const seconds = Math.round(performance.now() - startedAt) / 1_000;
    writeFileSync(
      join(reports, `${name}.xml`),
      junitOf({ name, seconds, ...(failure === undefined ? {} : { failure }) }),
    );
  }
  stopEndingChildren();
  return passed;
}
