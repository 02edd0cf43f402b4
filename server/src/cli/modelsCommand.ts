import { join } from 'node:path';
import { ModelError, type ModelProgress, ModelStore, WakeWordStore } from '@parley/media/node';
import pc from 'picocolors';
import { loadSettings, SettingsError } from '../config/loadSettings.js';
import { BUILT_IN_MODELS } from '../models/builtInModels.js';
import { wakeWordsDirectory } from '../models/wakeWords.js';
import { modelsListText, pulledText } from './modelsText.js';
import { createProgressLine } from './progressLine.js';
import { SYNTH_USAGE, SynthUsageError, synthesize } from './synthModelCommand.js';
import { meansWakeWords, wakeWordLines, wakeWordNames, wakeWordsOrigin, wakeWordsPulled } from './wakeWordsText.js';

/** Aborts the command; it cleans up before it ends. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;

const USAGE = `Use: parley models list | pull NAME | remove NAME | ${SYNTH_USAGE}\n`;

/**
 * `parley models list | pull NAME | remove NAME`, for Whisper models and wake words, and `synth`, which writes a model with random weights.
 * @returns the exit code
 */
export async function modelsCommand(args: readonly string[]): Promise<number> {
  const [action = 'list', name] = args;
  const progress = createProgressLine(process.stderr);
  const interrupt = new AbortController();
  const end = () => interrupt.abort();
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    const settings = loadSettings({ environment: process.env });
    let fetched = false;
    const common = {
      signal: interrupt.signal,
      onProgress: (step: ModelProgress) => {
        fetched = true;
        progress.update(step);
      },
    };
    const store = new ModelStore({
      ...common,
      directory: join(settings.cacheDir, 'models'),
      builtInDirectory: BUILT_IN_MODELS,
      ...(settings.modelBaseUrl === undefined ? {} : { baseUrl: settings.modelBaseUrl }),
    });
    const wakeWords = new WakeWordStore({ ...common, directory: wakeWordsDirectory(settings) });
    if (action === 'list') {
      process.stdout.write(modelsListText(await store.list(), wakeWordLines(await wakeWords.list())));
      return 0;
    }
    if (action === 'synth') {
      process.stdout.write(await synthesize({ ...common, args: args.slice(1), store, settings, onDone: progress.end }));
      return 0;
    }
    if ((action !== 'pull' && action !== 'remove') || name === undefined) {
      process.stderr.write(USAGE);
      return 1;
    }
    if (action === 'pull' && meansWakeWords(name)) {
      process.stdout.write(wakeWordsOrigin());
      await wakeWords.pull(name);
      progress.end();
      process.stdout.write(wakeWordsPulled(name, { directory: wakeWordsDirectory(settings), fetched }));
    } else if (action === 'pull') {
      const model = await store.pull(name);
      progress.end();
      process.stdout.write(pulledText(model, { name, fetched }));
    } else {
      const removed = await (meansWakeWords(name) ? wakeWords : store).remove(name);
      process.stdout.write(removed ? `${pc.green('✓')} ${name} was removed\n` : `${name} is not on this machine\n`);
    }
    return 0;
  } catch (error) {
    progress.end();
    if (error instanceof ModelError && error.code === 'MODEL_INTERRUPTED') return INTERRUPTED;
    if (error instanceof SynthUsageError) {
      process.stderr.write(`${pc.red('✗')} ${error.message} Use: parley models ${SYNTH_USAGE}\n`);
      return 1;
    }
    if (error instanceof ModelError || error instanceof SettingsError) {
      const others = error.code === 'MODEL_UNKNOWN' ? ` ${wakeWordNames()}` : '';
      process.stderr.write(`${pc.red('✗')} ${error.message}${others}\n`);
      return 1;
    }
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}
