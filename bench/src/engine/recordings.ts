import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_RECOGNITION_SETTINGS, transcribeJob } from '@parley/media/asr';
import type { ModelProfile } from '@parley/media/settings';
import { joinPcm } from '@parley/media/testing';
import { readAudio } from '../speech/readAudio.js';
import { readDataset } from '../wer/dataset.js';
import { byLanguageOf } from '../wer/index.js';
import type { EngineClip } from './EngineProcess.js';

/** Recordings of people: whole ones, those with speech. */
const CLIPS = fileURLToPath(new URL('../../../test/fixtures/people/clips', import.meta.url));
const SAMPLE_RATE = 16_000;
const SAMPLES_PER_FRAME = 320;
const FULL_FRAMES = 1_500;
const USUAL_SECONDS = 6;
const TIMEOUT_MS = 60_000;

export interface BenchRecording {
  seconds: number;
  /** The spoken words. */
  text: string;
  clip: EngineClip;
}

export interface BenchRecordings {
  /** An English sentence of about 6 s. */
  utterance: BenchRecording;
  /** All of them, the longest first, so that no lane gets the last ones alone. */
  all: BenchRecording[];
  /** Speech that fills windows of this many encoder frames. */
  windows: { frames: number; clip: EngineClip }[];
}

/** Tokens of natural speech: the limit for random weights, which never end a text. */
const TOKENS_PER_SECOND = 4;

/**
 * The input of the engines as plain samples, with the window and the token limit that Parley uses for a final.
 * @param options.synthetic the model's weights are random
 * @param options.folder for the files
 */
export async function benchRecordings(options: {
  profile: ModelProfile;
  synthetic: boolean;
  windows: readonly number[];
  folder: string;
}): Promise<BenchRecordings> {
  const { profile, synthetic, windows, folder } = options;
  const { items } = await readDataset(CLIPS);
  const spoken = items.filter(({ language }) => language !== '');
  const { understood } = byLanguageOf({ items: spoken, multilingual: profile.multilingual });
  const all: (BenchRecording & { pcm: Int16Array })[] = [];
  for (const { name, audioFile, text, language = 'en' } of understood) {
    const pcm = await readAudio(audioFile);
    const path = await writeSamples({ pcm, path: join(folder, `${name}.f32`) });
    const seconds = pcm.length / SAMPLE_RATE;
    const sizes = sizesOf({ pcm, language, profile });
    const maxTokens = synthetic ? Math.ceil(seconds * TOKENS_PER_SECOND) : sizes.maxTokens;
    all.push({ pcm, text, seconds, clip: { path, language, frames: sizes.frames, maxTokens } });
  }
  all.sort((a, b) => b.seconds - a.seconds);
  const speech = joinPcm(all.map(({ pcm }) => pcm));
  return {
    utterance: usualOf(all),
    all,
    windows: await Promise.all(
      windows.map(async (frames) => {
        const path = join(folder, `window-${frames}.f32`);
        await writeSamples({ pcm: speech.subarray(0, frames * SAMPLES_PER_FRAME), path });
        return { frames, clip: { path, frames, language: 'en', maxTokens: 1 } };
      }),
    ),
  };
}

/** The English one with a length nearest to 6 s. */
export function usualOf<T extends Pick<BenchRecording, 'seconds' | 'clip'>>(all: readonly T[]): T {
  const distance = ({ seconds }: T) => Math.abs(seconds - USUAL_SECONDS);
  const [first] = all.filter(({ clip }) => clip.language === 'en').toSorted((a, b) => distance(a) - distance(b));
  if (first === undefined) throw new Error('There is no recording in English.');
  return first;
}

/** The same as in a server's request for a final. */
function sizesOf(options: { pcm: Int16Array; language: string; profile: ModelProfile }): {
  frames: number;
  maxTokens: number;
} {
  const { pcm, language, profile } = options;
  const { audioContext, maxTokens } = transcribeJob({
    ...{ kind: 'final', pcm, profile, timeoutMs: TIMEOUT_MS },
    // The language is given: this measures the model's speed, not its knowledge.
    settings: { ...DEFAULT_RECOGNITION_SETTINGS, language: 'auto', settled: { language, switchProbability: 2 } },
  });
  return { frames: audioContext || FULL_FRAMES, maxTokens };
}

async function writeSamples({ pcm, path }: { pcm: Int16Array; path: string }): Promise<string> {
  await writeFile(path, new Uint8Array(Float32Array.from(pcm, (value) => value / 32_768).buffer));
  return path;
}
