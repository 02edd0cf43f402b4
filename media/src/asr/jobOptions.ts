import type { TranscribeJob } from '@parley/native';
import { SAMPLE_RATE } from './limits.js';
import type { ModelProfile, RecognitionKind, RecognitionSettings, WindowPolicy } from './types.js';

/** Whisper's encoder: 1,500 frames for 30 s. */
const FULL_FRAMES = 1_500;
const FRAMES_PER_SECOND = 50;
const BLOCK_FRAMES = 64;
/** Shortest windows of published models, which lose accuracy on shorter ones. */
const FLOOR_MS: Record<RecognitionKind, number> = { interim: 4_000, final: 10_000 };

/** The addon's bound. */
const MAX_TIMEOUT_MS = 600_000;

/**
 * Encoder frames for audio of so many samples; 0 = the full window. A shortened window is the audio and half a block more,
 * rounded up to blocks of 64 frames.
 */
export function audioContextFrames(options: { samples: number; kind: RecognitionKind; policy: WindowPolicy }): number {
  if (options.policy === 'full') return 0;
  const audioMs = (options.samples / SAMPLE_RATE) * 1_000;
  const windowMs = options.policy === 'floor' ? Math.max(audioMs, FLOOR_MS[options.kind]) : audioMs;
  const wanted = Math.ceil((windowMs / 1_000) * FRAMES_PER_SECOND) + BLOCK_FRAMES / 2;
  const frames = Math.max(BLOCK_FRAMES, Math.ceil(wanted / BLOCK_FRAMES) * BLOCK_FRAMES);
  return frames >= FULL_FRAMES ? 0 : frames;
}

/** Encoder frames that really run: what an engine's time goes with. */
export function encoderFrames(options: { samples: number; kind: RecognitionKind; policy: WindowPolicy }): number {
  return audioContextFrames(options) || FULL_FRAMES;
}

/**
 * Most tokens of a text for so much audio. Fast speech is about 6 tokens a second in English and up to 16 in scripts that
 * Whisper's vocabulary covers badly; more is a loop. 224 is half of Whisper's text window, its own limit.
 */
export function tokenCap(samples: number): number {
  return Math.min(224, 24 + Math.ceil((samples / SAMPLE_RATE) * 16));
}

/** The native job of a request. */
export function transcribeJob(options: {
  kind: RecognitionKind;
  pcm: Int16Array;
  settings: RecognitionSettings;
  profile: ModelProfile;
  timeoutMs: number;
}): TranscribeJob {
  const { kind, pcm, settings, profile } = options;
  const final = kind === 'final';
  return {
    pcm,
    language: profile.multilingual ? settings.language : 'en',
    translate: false,
    audioContext: audioContextFrames({ samples: pcm.length, kind, policy: profile.windowPolicy }),
    beamSize: final ? settings.beamSize : 1,
    maxTokens: tokenCap(pcm.length),
    prompt: settings.prompt,
    temperature: 0,
    // Two more tries (0.4 and 0.8) at most, for finals; the built-in model gains nothing from them.
    temperatureIncrement: final && !profile.demo ? 0.4 : 0,
    words: final && settings.words,
    timeoutMs: Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(options.timeoutMs))),
  };
}
