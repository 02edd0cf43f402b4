import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CommittedSegment, toJson, toPlainText, toSrt, toVtt } from '@parley/client-sdk/headless';
import { detectDevice, ModelError, ModelStore, RecordingTranscriber } from '@parley/media/node';
import { inabilitiesOf, resolveSpeechSettings } from '@parley/media/settings';
import pc from 'picocolors';
import { loadSettings, SettingsError } from '../config/loadSettings.js';
import type { Settings } from '../config/settings.js';
import { BUILT_IN_MODELS } from '../models/builtInModels.js';
import { mainModelOf } from '../models/mainModel.js';
import { createProgressLine } from './progressLine.js';
import { transcribeFile } from './transcribeFile.js';
import { createTranscribeProgress } from './transcribeProgress.js';

export const TRANSCRIBE_USAGE = `Use: parley transcribe FILE|FOLDER... [options]

  --format FORMAT    txt (default), vtt, srt or json
  --out FOLDER       write a file for each recording there; default: standard output
  --together         the files are the tracks of one meeting, one speaker each: merge them into one transcript
  --name NAME        the speaker of a file, once for each file; default: the file's name
  --language CODE    spoken language, e.g. en; default: detected
  --model MODEL      as for \`parley start\`
  --mode MODE        default: recording
  --device DEVICE    auto (default), cpu or cuda
`;

const OPTIONS = {
  format: { type: 'string', default: 'txt' },
  out: { type: 'string' },
  together: { type: 'boolean', default: false },
  name: { type: 'string', multiple: true, default: [] as string[] },
  language: { type: 'string' },
  model: { type: 'string' },
  mode: { type: 'string', default: 'recording' },
  device: { type: 'string' },
} as const;

const FORMATS = { txt: toPlainText, vtt: toVtt, srt: toSrt, json: toJson };
/** What a folder is searched for. */
const EXTENSIONS = new Set(
  'wav flac mp3 ogg oga opus m4a aac mp4 mov mkv webm wma amr aif aiff caf'.split(' ').map((name) => `.${name}`),
);
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;

/** A sentence that says what to do. */
class CommandError extends Error {}
/** A mistake on the command line: the usage follows. */
class UsageError extends CommandError {}

interface Job {
  file: string;
  name: string;
}

/**
 * `parley transcribe FILE...`: recordings of any format to text.
 * @returns the exit code: 0, or 1 if a recording was not or not completely transcribed
 */
export async function transcribeCommand(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const end = () => interrupt.abort();
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    return await transcribe(args, interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) return INTERRUPTED;
    const isKnown = error instanceof CommandError || error instanceof SettingsError || error instanceof ModelError;
    if (!isKnown) throw error;
    process.stderr.write(
      `${pc.red('✗')} ${error.message}\n${error instanceof UsageError ? `\n${TRANSCRIBE_USAGE}` : ''}`,
    );
    return 1;
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

async function transcribe(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, jobs, format } = await argumentsOf(args);
  const { out, together } = values;
  const settings = settingsOf(values);
  const speech = resolveSpeechSettings(settings.mode, settings.speech, {
    // A recording has no one to wake, and no one who waits for text.
    wakePhrases: [],
    interimIntervalMs: 0,
  });
  const model = await modelOf(settings, signal);
  const [inability] = inabilitiesOf(model.profile, speech);
  if (inability !== undefined) throw new SettingsError([`${inability.setting}: ${inability.sentence}`]);

  const socketDirectory = await mkdtemp(join(tmpdir(), 'parley-'));
  const transcriber = await RecordingTranscriber.create({
    model,
    device: settings.device,
    engine: settings.engine,
    encoderDirectory: join(settings.cacheDir, 'encoders'),
    ...(settings.lanes === undefined ? {} : { lanes: settings.lanes }),
    ...(settings.threadsPerLane === undefined ? {} : { threadsPerLane: settings.threadsPerLane }),
    socketDirectory,
    logger: ({ text }) => process.stderr.write(`${pc.dim(text)}\n`),
  });
  const progress = createTranscribeProgress(process.stderr);
  try {
    const status = await Promise.race([transcriber.ready(), aborted(signal)]);
    if (status.state !== 'ready') throw new CommandError(status.reason ?? 'The recogniser does not start.');
    const run = async (job: Job, index: number) => {
      const transcript = await transcribeFile({
        ...job,
        transcriber,
        trackId: `track ${index + 1}`,
        settings: speech,
        reading: model.profile.reading,
        onProgress: (step) => progress.update({ name: basename(job.file), ...step }),
      });
      if (signal.aborted) throw signal.reason;
      progress.done({ name: basename(job.file), ...transcript });
      return transcript;
    };
    const work = together ? await Promise.all(jobs.map(run)) : undefined;
    let complete = true;
    if (work !== undefined) {
      const segments = inOrder(work.flatMap((transcript) => transcript.segments));
      complete = work.every(({ problem }) => problem === undefined);
      await deliver({ text: format(segments), file: out && join(out, `meeting.${values.format}`) });
    } else {
      for (const [index, job] of jobs.entries()) {
        const { segments, problem } = await Promise.race([run(job, index), aborted(signal)]);
        complete &&= problem === undefined;
        const heading = jobs.length > 1 && out === undefined ? `${index === 0 ? '' : '\n'}${pc.bold(job.file)}\n` : '';
        await deliver({
          text: `${heading}${format(segments)}`,
          file: out && join(out, `${job.name}.${values.format}`),
        });
      }
    }
    return complete ? 0 : 1;
  } finally {
    progress.end();
    await transcriber.close();
    await rm(socketDirectory, { recursive: true, force: true });
  }
}

/** @throws UsageError */
async function argumentsOf(args: readonly string[]) {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (!Object.hasOwn(FORMATS, values.format)) throw new UsageError(`There is no format "${values.format}".`);
  const files = (await Promise.all(positionals.map(filesAt))).flat();
  if (files.length === 0)
    throw new UsageError(positionals.length === 0 ? 'Which file?' : 'There are no recordings there.');
  if (values.name.length > 0 && values.name.length !== files.length) {
    throw new UsageError(`There are ${files.length} files and ${values.name.length} names.`);
  }
  const { format, out, together } = values;
  if (files.length > 1 && !together && out === undefined && format !== 'txt') {
    throw new UsageError(
      `Several transcripts as ${format} need a folder: --out FOLDER, or --together for one transcript.`,
    );
  }
  const jobs = files.map((file, index) => ({ file, name: values.name[index] ?? basename(file, extname(file)) }));
  if (out !== undefined) {
    if (!(await stat(out).catch(() => undefined))?.isDirectory()) throw new UsageError(`There is no folder ${out}.`);
    if (!together && new Set(jobs.map(({ name }) => name)).size < jobs.length) {
      throw new UsageError('Several files have the same name: give each a --name.');
    }
  }
  return { values, jobs, format: FORMATS[format as keyof typeof FORMATS] };
}

/** The recordings in a folder, in the order of their names; a file itself, whatever it is called. */
async function filesAt(path: string): Promise<string[]> {
  if (!(await stat(path).catch(() => undefined))?.isDirectory()) return [path];
  const names = await readdir(path);
  return names
    .filter((name) => EXTENSIONS.has(extname(name).toLowerCase()))
    .sort()
    .map((name) => join(path, name));
}

/** @throws SettingsError */
function settingsOf(values: { model?: string; device?: string; language?: string; mode: string }): Settings {
  const { model, device, language, mode } = values;
  const flagOf = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value]);
  const settings = loadSettings({
    environment: process.env,
    flags: [
      ...flagOf('--model', model),
      ...flagOf('--device', device),
      ...flagOf('--speech-language', language),
      // Not offered for meetings yet.
      ...(mode === 'recording' ? [] : ['--mode', mode]),
    ],
  });
  return mode === 'recording' ? { ...settings, mode } : settings;
}

/** @throws ModelError */
async function modelOf(settings: Settings, signal: AbortSignal) {
  const progress = createProgressLine(process.stderr);
  const store = new ModelStore({
    directory: join(settings.cacheDir, 'models'),
    builtInDirectory: BUILT_IN_MODELS,
    ...(settings.modelBaseUrl === undefined ? {} : { baseUrl: settings.modelBaseUrl }),
    signal,
    onProgress: (step) => progress.update(step),
  });
  try {
    const device = settings.device === 'auto' ? detectDevice() : settings.device;
    return await mainModelOf({ store, settings, device });
  } finally {
    progress.end();
  }
}

function inOrder(segments: readonly CommittedSegment[]): CommittedSegment[] {
  return segments
    .toSorted((one, other) => one.startMs - other.startMs)
    .map((segment, index) => ({ ...segment, seq: index + 1 }));
}

/** @throws CommandError if the file exists */
async function deliver(options: { text: string; file: string | undefined }): Promise<void> {
  const { text, file } = options;
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CommandError(`${file} exists already, and is not overwritten.`);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
