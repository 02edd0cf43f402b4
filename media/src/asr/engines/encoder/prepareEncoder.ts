import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ModelFile } from '@parley/native';
import { buildEncoderGraph, type EncoderPrecision } from './encoderGraph.js';
import { encodeGraph } from './onnx.js';
import { WeightFile } from './WeightFile.js';

/** Increase it with every change of what `buildEncoderGraph` makes. */
const GRAPH_VERSION = 3;
const GRAPH_FILE = 'encoder.onnx';
const WEIGHTS_FILE = 'encoder.weights';
const KEY_DIGITS = 24;
/** Marks folders in which a graph is being written. */
const PART = '.part-';
/** Ten times what the largest model takes on a slow disk. */
const LONGEST_WRITE_MS = 3_600_000;

export interface PrepareEncoderOptions {
  /** A ggml Whisper file. */
  modelPath: string;
  /** For the written graphs, a folder each. Created if missing. */
  directory: string;
  /** Default: `int8`, or `int7` if this processor needs it. */
  precision?: EncoderPrecision;
}

/**
 * The ONNX graph of a model's encoder: written once for each model, found again by the hash of the model's file. A graph appears complete
 * or not at all; if two processes write the same one, one remains.
 * @returns path of the graph; its weights are beside it
 * @throws NativeError `NATIVE_MODEL_UNREADABLE` if the file is not Whisper's or has an unsupported quantisation, and errors of the file
 * system
 */
export async function prepareEncoder(options: PrepareEncoderOptions): Promise<string> {
  const { modelPath, directory, precision = await integersOf() } = options;
  await mkdir(directory, { recursive: true });
  const key = `${precision}-${(await hashOf({ modelPath, directory })).slice(0, KEY_DIGITS)}`;
  const folder = join(directory, `v${GRAPH_VERSION}-${key}`);
  const graphPath = join(folder, GRAPH_FILE);
  if (await exists(graphPath)) return graphPath;
  await removeOthers({ directory, key });
  const part = await mkdtemp(`${folder}${PART}`);
  try {
    await write({ modelPath, folder: part, precision });
    await moveInto({ part, folder, graphPath });
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return graphPath;
}

/**
 * Another process may have been quicker; then its graph stays. A folder without a graph is left from a process that was killed while
 * deleting one. It is moved away as a whole, because deleting it in place could hit the complete graph of another process.
 */
async function moveInto({
  part,
  folder,
  graphPath,
}: {
  part: string;
  folder: string;
  graphPath: string;
}): Promise<void> {
  try {
    await rename(part, folder);
  } catch {
    if (await exists(graphPath)) return;
    const left = await mkdtemp(`${folder}${PART}`);
    await rename(folder, left).catch(() => {});
    await rm(left, { recursive: true, force: true });
    await rename(part, folder).catch(async (error: unknown) => {
      if (!(await exists(graphPath))) throw error;
    });
  }
}

/** The precision for a processor, from its flags in /proc/cpuinfo. Exported for tests. */
export function precisionFor(arch: NodeJS.Architecture, cpuInfo: string): EncoderPrecision {
  if (arch !== 'x64') return 'int8';
  return /^flags\s*:.*\b(avx512_vnni|avx_vnni)\b/m.test(cpuInfo) ? 'int8' : 'int7';
}

async function integersOf(): Promise<EncoderPrecision> {
  return precisionFor(process.arch, await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
}

async function write(options: { modelPath: string; folder: string; precision: EncoderPrecision }): Promise<void> {
  const source = await ModelFile.open(options.modelPath);
  try {
    const weights = await WeightFile.create(join(options.folder, WEIGHTS_FILE));
    try {
      const { precision } = options;
      const graph = await buildEncoderGraph({ source, weights, weightsFile: WEIGHTS_FILE, precision });
      await writeFile(join(options.folder, GRAPH_FILE), encodeGraph(graph), { flush: true });
    } finally {
      await weights.close();
    }
  } finally {
    await source.close();
  }
}

/** Removes graphs of the same model by earlier versions, and what a killed process left. */
async function removeOthers({ directory, key }: { directory: string; key: string }): Promise<void> {
  for (const name of await readdir(directory)) {
    const [, version, rest] = /^v(\d+)-(.*)$/.exec(name) ?? [];
    if (version === undefined || rest === undefined) continue;
    const path = join(directory, name);
    const stale = rest === key ? Number(version) < GRAPH_VERSION : rest.includes(PART) && (await isAbandoned(path));
    if (stale) await rm(path, { recursive: true, force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > LONGEST_WRITE_MS;
}

/**
 * A model's file is read once; after that its hash is cached by path, size and times of the file. Otherwise large models would take seconds
 * at each start.
 */
async function hashOf({ modelPath, directory }: { modelPath: string; directory: string }): Promise<string> {
  const { size, ino, mtimeMs, ctimeMs } = await stat(modelPath);
  const identity = createHash('sha256').update(JSON.stringify([resolve(modelPath), size, ino, mtimeMs, ctimeMs]));
  const memo = join(directory, `${identity.digest('hex').slice(0, KEY_DIGITS)}.sha256`);
  const known = await readFile(memo, 'latin1').catch(() => '');
  if (/^[0-9a-f]{64}$/.test(known)) return known;
  const hash = createHash('sha256');
  await pipeline(createReadStream(modelPath, { highWaterMark: 2 ** 20 }), hash);
  const digest = hash.digest('hex');
  await writeFile(memo, digest);
  return digest;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
