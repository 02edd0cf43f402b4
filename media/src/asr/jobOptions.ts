import type { TranscribeJob } from '@parley/native';
import { candidatesOf, inabilitiesOf } from './languages.js';
import { SAMPLE_RATE } from './limits.js';
import {
  type ModelProfile,
  RecognitionError,
  type RecognitionKind,
  type RecognitionSettings,
  type WindowPolicy,
} from './types.js';

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

/** Half of Whisper's text window: its own limit. */
const MAX_TOKENS = 224;
/** A short text may hold more than its audio's share: one long word, digits, punctuation. */
const SPARE_TOKENS = 24;
/** Two more tries (0.4 and 0.8) at most. */
const TEMPERATURE_INCREMENT = 0.4;

/**
 * Most tokens of a text for so much audio. Fast speech is about 6 tokens a second in English and up to 16 in scripts that
 * Whisper's vocabulary covers badly; more is a loop.
 */
export function tokenCap(options: { samples: number; tokensPerSecond: number }): number {
  const { samples, tokensPerSecond } = options;
  return Math.min(MAX_TOKENS, SPARE_TOKENS + Math.ceil((samples / SAMPLE_RATE) * tokensPerSecond));
}

/**
 * The native job of a request.
 * @throws RecognitionError `NOT_SUPPORTED`, the last guard: settings that the model cannot follow are refused where they come in
 */
export function transcribeJob(options: {
  kind: RecognitionKind;
  pcm: Int16Array;
  settings: RecognitionSettings;
  profile: ModelProfile;
  timeoutMs: number;
}): TranscribeJob {
  const { kind, pcm, settings, profile } = options;
  const [inability] = inabilitiesOf(profile, settings);
  if (inability !== undefined) throw new RecognitionError('NOT_SUPPORTED', inability.sentence);
  const languages = candidatesOf(profile, settings);
  const [only] = languages;
  // Where there is one language, there is none to be found.
  const language =
    settings.language === 'auto' && languages.length === 1 && only !== undefined ? only : settings.language;
  const { settled } = settings;
  // Interims come again soon, and the built-in model gains nothing from another try.
  const triesAgain = kind === 'final' && settings.temperatureFallback && !profile.demo;
  return {
    pcm,
    language,
    languages,
    ...(language === 'auto' && settled !== undefined && languages.includes(settled.language) ? { settled } : {}),
    translate: settings.task === 'translate',
    audioContext: audioContextFrames({ samples: pcm.length, kind, policy: profile.windowPolicy }),
    beamSize: settings.beamSize,
    maxTokens: tokenCap({ samples: pcm.length, tokensPerSecond: settings.tokensPerSecond }),
    prompt: settings.prompt,
    temperature: 0,
    temperatureIncrement: triesAgain ? TEMPERATURE_INCREMENT : 0,
    words: settings.words,
    timeoutMs: Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(options.timeoutMs))),
  };
}
