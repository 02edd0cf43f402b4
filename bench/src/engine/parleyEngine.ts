/**
 * Parley's own engine for the benchmark: `parleyEngine.js MODEL LANES THREADS ENCODER`. Its input and output are described in
 * EngineProcess.ts.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createSpeechEngine, type SpeechEngine, type TranscribeJob } from '@parley/native';
import type { EngineClip, Heard } from './EngineProcess.js';
import { isParleyEncoder, type ParleyEncoder, preparedEncoder } from './parleyEncoders.js';

/** The same for all engines: greedily, once, whatever the text looks like. */
const PLAIN: Omit<TranscribeJob, 'pcm' | 'language' | 'audioContext' | 'maxTokens' | 'words'> = {
  translate: false,
  beamSize: 1,
  prompt: '',
  temperature: 0,
  temperatureIncrement: 0,
  noSpeechThreshold: 1,
  logProbabilityThreshold: -1_000,
  entropyThreshold: 0,
  timeoutMs: 0,
};

interface Clip extends Omit<EngineClip, 'path'> {
  pcm: Float32Array;
}

/** @throws Error if the encoder is not the requested one */
async function engineOf(
  wanted: ParleyEncoder,
  options: { modelPath: string; lanes: number; threadsPerLane: number },
): Promise<SpeechEngine> {
  const { encoder, failure } = await preparedEncoder({ encoder: wanted, modelPath: options.modelPath });
  const common = { ...options, device: 'cpu', flashAttention: false } as const;
  const engine = await createSpeechEngine({ ...common, ...(encoder === undefined ? {} : { encoder }) });
  const { info } = engine;
  if (info.encoder === wanted) return engine;
  await engine.close();
  throw new Error(`The encoder ${wanted} cannot be used: ${failure ?? info.encoderFailure ?? 'nobody says why'}`);
}

async function main([modelPath = '', lanes, threads, encoder = '']: readonly string[]): Promise<void> {
  if (!isParleyEncoder(encoder)) throw new Error(`There is no encoder "${encoder}".`);
  const plan = { modelPath, lanes: Number(lanes), threadsPerLane: Number(threads) };
  const began = performance.now();
  const engine = await engineOf(encoder, plan);
  answer({ loadMs: performance.now() - began });
  const clips: Clip[] = [];
  const clip = (index: string | undefined): Clip => {
    const found = clips[Number(index)];
    if (found === undefined) throw new Error(`There is no recording ${index}.`);
    return found;
  };
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      const [command, ...rest] = line.split(' ');
      if (command === 'clip') {
        clips.push(await readClip(rest));
        answer({});
      } else if (command === 'hear') {
        const [index, maxTokens, words] = rest;
        answer(await hear({ engine, clip: clip(index), maxTokens: Number(maxTokens), words: words === '1' }));
      } else if (command === 'all') {
        const [words, ...indices] = rest;
        const order = indices.map(clip);
        answer(await hearAll({ engine, lanes: plan.lanes, clips: order, words: words === '1' }));
      } else throw new Error(`There is no command ${command}.`);
    }
  } finally {
    await engine.close();
  }
}

async function readClip([frames, language = '', maxTokens, ...path]: readonly string[]): Promise<Clip> {
  const { buffer, byteOffset, byteLength } = await readFile(path.join(' '));
  const pcm = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  return { pcm, frames: Number(frames), language, maxTokens: Number(maxTokens) };
}

async function hear(options: { engine: SpeechEngine; clip: Clip; maxTokens: number; words: boolean }): Promise<Heard> {
  const { engine, clip, words } = options;
  const job = { ...PLAIN, pcm: clip.pcm, language: clip.language, audioContext: clip.frames, words };
  const began = performance.now();
  const result = await engine.transcribe({ ...job, maxTokens: options.maxTokens || clip.maxTokens });
  if (result.encoderFailure !== undefined) throw new Error(`The encoder failed: ${result.encoderFailure}`);
  const totalMs = performance.now() - began;
  const { melMs, encodeMs, decodeMs } = result.timings;
  const tokens = result.tokens + (result.truncated === true ? 0 : 1);
  return { melMs, encodeMs, decodeMs, totalMs, tokens, text: result.text };
}

async function hearAll(options: { engine: SpeechEngine; lanes: number; clips: readonly Clip[]; words: boolean }) {
  const { engine, clips, words } = options;
  const texts: string[] = [];
  let next = 0;
  const work = async () => {
    for (let at = next++; at < clips.length; at = next++) {
      const clip = clips[at] as Clip;
      texts[at] = (await hear({ engine, clip, maxTokens: 0, words })).text;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: options.lanes }, work));
  return { totalMs: performance.now() - began, texts };
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

await main(process.argv.slice(2));
