import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { SpeechEngineOptions, TranscribeJob } from '../../lib/index.js';

const PACKED = new URL('../../models/parley-nano-q8_0.bin.gz', import.meta.url);

/** Path of the unpacked built-in model; unpacked once for a size of the packed file. */
export function builtInModel(): string {
  const packed = readFileSync(PACKED);
  const folder = join(tmpdir(), `parley-native-test-${packed.length}`);
  const path = join(folder, 'parley-nano-q8_0.bin');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const part = `${path}.${process.pid}`;
    writeFileSync(part, gunzipSync(packed));
    renameSync(part, path);
  }
  return path;
}

/** How the built-in model is meant to be used. */
export function builtInOptions(changes: Partial<SpeechEngineOptions> = {}): SpeechEngineOptions {
  return { modelPath: builtInModel(), device: 'cpu', lanes: 1, threadsPerLane: 1, flashAttention: false, ...changes };
}

export function audioContextFor(samples: number): number {
  return Math.min(1_500, Math.max(64, Math.ceil((samples / 320 + 32) / 64) * 64));
}

export function job(pcm: Int16Array | Float32Array, changes: Partial<TranscribeJob> = {}): TranscribeJob {
  return {
    pcm,
    language: 'en',
    translate: false,
    audioContext: audioContextFor(pcm.length),
    beamSize: 1,
    maxTokens: 224,
    prompt: '',
    temperature: 0,
    temperatureIncrement: 0,
    noSpeechThreshold: 0.6,
    logProbabilityThreshold: -1,
    entropyThreshold: 2.4,
    words: false,
    timeoutMs: 0,
    ...changes,
  };
}
