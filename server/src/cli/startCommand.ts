import { parseArgs } from 'node:util';
import { ModelError, SfuError } from '@parley/media/node';
import { CLOSE_TIMES } from '@parley/media/process';
import pc from 'picocolors';
import { loadSettings, SettingsError } from '../config/loadSettings.js';
import type { Settings } from '../config/settings.js';
import { createLogger } from '../observability/logger.js';
import { continueAsServer } from '../start/continueAsServer.js';
import { refuseRoot } from '../start/refuseRoot.js';
import type { Server } from '../start/Server.js';
import { StartError } from '../start/StartError.js';
import { startServer } from '../start/startServer.js';
import { bannerText } from './banner.js';
import { createProgressLine } from './progressLine.js';

/** Signals within this time count as one. */
const SAME_WISH_MS = 500;

/** Serves until SIGINT or SIGTERM. If it cannot start, it prints a sentence and exits with code 1. */
export async function startCommand(args: readonly string[]): Promise<void> {
  let server: Server | undefined;
  const ending = new AbortController();
  let endedAtMs = 0;
  const end = (signal: NodeJS.Signals) => {
    if (ending.signal.aborted) {
      // Service managers signal every process of the group, and parent processes forward signals, so two signals may mean one request.
      if (performance.now() - endedAtMs > SAME_WISH_MS) process.exit(1);
      return;
    }
    endedAtMs = performance.now();
    ending.abort();
    process.stderr.write(pc.dim(`\n${signal}: shutting down…\n`));
    // A second signal, or this time limit, ends a shutdown that hangs.
    setTimeout(() => process.exit(1), CLOSE_TIMES.shutdownMs).unref();
    if (server === undefined) setTimeout(() => process.exit(0), CLOSE_TIMES.startAbortedMs).unref();
    else void server.close().then(() => process.exit(0));
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);

  try {
    const settings = settingsOf(args);
    await continueAsServer(settings);
    refuseRoot(settings);
    // On a terminal the banner informs people; the log then contains only warnings and errors.
    const level =
      settings.log.file === undefined && process.stderr.isTTY && settings.log.level === 'info'
        ? 'warn'
        : settings.log.level;
    const logger = createLogger({ ...settings.log, level, rotation: settings.log });
    const progress = createProgressLine(process.stderr);
    const started = await startServer({
      settings,
      logger,
      onModelProgress: (step) => progress.update(step),
      signal: ending.signal,
    });
    progress.end();
    server = started;
    if (ending.signal.aborted) {
      await started.close();
      process.exit(0);
    }
    process.stdout.write(await bannerText(started));
  } catch (error) {
    if (ending.signal.aborted) process.exit(0);
    process.stderr.write(`\n${pc.red('Parley could not start.')} ${sentenceOf(error)}\n`);
    process.exit(1);
  }
}

/** Flags of `parley start` that are not settings. `--cuda` belongs to the set-up: it built the backend, and device `auto` finds it. */
const OWN_FLAGS = {
  config: { type: 'string' },
  'insecure-http': { type: 'boolean' },
  cuda: { type: 'boolean' },
} as const;

function settingsOf(args: readonly string[]): Settings {
  const { values, tokens } = parseArgs({ args: [...args], options: OWN_FLAGS, strict: false, tokens: true });
  const own = new Set(
    tokens.flatMap((token) => {
      if (token.kind !== 'option' || !Object.hasOwn(OWN_FLAGS, token.name)) return [];
      return token.inlineValue === false ? [token.index, token.index + 1] : [token.index];
    }),
  );
  const flags = args.filter((_, index) => !own.has(index));
  if (values['insecure-http'] === true) flags.push('--no-tls-enabled');
  const file = values.config ?? process.env.PARLEY_CONFIG;
  if (typeof file === 'boolean') throw new SettingsError(['--config needs a file path.']);
  return loadSettings({ flags, environment: process.env, ...(file === undefined ? {} : { file }) });
}

/** Known errors are complete sentences; others are shown with their stack, to be reported. */
function sentenceOf(error: unknown): string {
  if (
    error instanceof SettingsError ||
    error instanceof StartError ||
    error instanceof SfuError ||
    error instanceof ModelError
  ) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
