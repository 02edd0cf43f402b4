import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ModelFile } from '@parley/native';
import { buildEncoderGraph, type EncoderPrecision } from './encoderGraph.js';
import { encodeGraph } from './onnx.js';
import { WeightFile } from './WeightFile.js';

/** To be raised with every change of what `buildEncoderGraph` makes. */
const GRAPH_VERSION = 2;
const GRAPH_FILE = 'encoder.onnx';
const WEIGHTS_FILE = 'encoder.weights';
const KEY_DIGITS = 24;

let attempts = 0;

export interface PrepareEncoderOptions {
  /** A ggml Whisper file. */
  modelPath: string;
  /** Of the written graphs, a folder each. Made when missing. */
  directory: string;
  /** Default: `int8`, or `int7` where this processor needs it. */
  precision?: EncoderPrecision;
}

/**
 * The ONNX graph of a model's encoder: written once for each model, found again by the hash of the model's file. A graph appears complete
 * or not at all; two processes that write the same one end with one.
 * @returns path of the graph; its weights lie beside it
 * @throws NativeError `NATIVE_MODEL_UNREADABLE` where the file is not Whisper's or of a quantisation that is not read here, and what the
 *   file system throws
 */
export async function prepareEncoder(options: PrepareEncoderOptions): Promise<string> {
  const { modelPath, directory, precision = await integersOf() } = options;
  const key = `${precision}-${(await hashOf(modelPath)).slice(0, KEY_DIGITS)}`;
  const folder = join(directory, `v${GRAPH_VERSION}-${key}`);
  const graphPath = join(folder, GRAPH_FILE);
  if (await exists(graphPath)) return graphPath;
  await mkdir(directory, { recursive: true });
  await removeOthers({ directory, key });
  const part = `${folder}.${process.pid}.${attempts++}.part`;
  try {
    await mkdir(part);
    await write({ modelPath, folder: part, precision });
    await rename(part, folder);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    // Another process was quicker.
    if (await exists(graphPath)) return graphPath;
    throw error;
  }
  return graphPath;
}

/** What a processor's flags in /proc/cpuinfo say of it. Exported for tests. */
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

/** Graphs of the same model by other versions, and what a killed process left. */
async function removeOthers({ directory, key }: { directory: string; key: string }): Promise<void> {
  for (const name of await readdir(directory)) {
    const [, version, rest] = /^v(\d+)-(.*)$/.exec(name) ?? [];
    if (version === undefined || rest === undefined) continue;
    const pid = Number(/\.(\d+)\.\d+\.part$/.exec(rest)?.[1]);
    const stale = rest === key && Number(version) !== GRAPH_VERSION;
    if (stale || (pid > 0 && !isAlive(pid))) await rm(join(directory, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
