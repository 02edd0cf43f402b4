import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, runInForeground } from '../lib/run.mjs';
import { SetupError } from '../lib/SetupError.mjs';

/** mediasoup's own floor. */
const OLDEST_MAJOR = 22;
/** What is fetched where Node is older: the long-term release that Parley is tested with. */
const PINNED = '24.21.0';

/** @param {string} version e.g. `v20.20.2` */
export function isNewEnough(version) {
  return Number(/^v?(\d+)/.exec(version)?.[1] ?? 0) >= OLDEST_MAJOR;
}

/**
 * Goes on in a newer Node when this one is too old. The binary is a package of the npm registry, so that nothing but npm is needed.
 * @param {{ cacheDir: string, progress: ReturnType<import('../lib/progress.mjs').createProgress> }} options
 */
export async function continueInNewNode({ cacheDir, progress }) {
  if (isNewEnough(process.version)) return;
  if (process.env.PARLEY_NODE_TRIED !== undefined)
    throw new SetupError(`Node ${PINNED} was fetched, but ${process.version} runs.`);
  const home = join(cacheDir, `node-${PINNED}`);
  const packageName = `node-${process.platform}-${process.arch}`;
  const binary = join(home, 'node_modules', packageName, 'bin', 'node');
  await progress.step('Node', async () => {
    if (existsSync(binary)) return { detail: `${PINNED} from the cache, in place of ${process.version}`, quiet: true };
    const work = `${home}.part-${process.pid}`;
    try {
      mkdirSync(work, { recursive: true });
      writeFileSync(join(work, 'package.json'), '{ "private": true }\n');
      await run(
        'npm',
        ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', `${packageName}@${PINNED}`],
        { cwd: work },
      );
      if (!existsSync(home)) renameSync(work, home);
    } catch (error) {
      throw new SetupError(
        `Parley needs Node ${OLDEST_MAJOR} or newer; this is ${process.version}, and Node ${PINNED} cannot be fetched. Install a newer Node yourself.\n${error instanceof Error ? error.message : error}`,
      );
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    return { detail: `${PINNED} fetched, in place of ${process.version}` };
  });
  const env = { ...process.env, PARLEY_NODE_TRIED: '1', PATH: `${dirname(binary)}:${process.env.PATH}` };
  process.exit(await runInForeground(binary, process.argv.slice(1), { env }));
}
