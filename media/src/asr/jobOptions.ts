import type { TranscribeJob } from '@parley/native';
import { candidatesOf, inabilitiesOf } from '../settings/languages.js';
import {
  DEFAULT_WINDOW_FLOORS_MS,
  DEFAULT_WINDOW_MARGIN_MS,
  type ModelProfile,
  type WindowProfile,
} from '../settings/modelProfile.js';
import { SAMPLE_RATE } from './contract/limits.js';
import {
  type Draft,
  RecognitionError,
  type RecognitionKind,
  type RecognitionSettings,
} from './contract/recognition.js';

/** Whisper's encoder: 1,500 frames for 30 s. */
const FULL_FRAMES = 1_500;
const FRAMES_PER_SECOND = 50;
const BLOCK_FRAMES = 64;

/** The addon's limits. */
const MAX_ENTROPY = 5;
const MAX_TIMEOUT_MS = 600_000;

export interface WindowOptions {
  samples: number;
  kind: RecognitionKind;
  profile: WindowProfile;
  /** ISO 639-1, if known. */
  language?: string;
}

/**
 * Encoder frames for this many samples; 0 = the full window. A shortened window is the audio and the model's margin, rounded up to blocks
 * of 64 frames.
 */
export function audioContextFrames(options: WindowOptions): number {
  const { windowPolicy, windowMarginMs = DEFAULT_WINDOW_MARGIN_MS } = options.profile;
  if (windowPolicy === 'full') return 0;
  const audioMs = (options.samples / SAMPLE_RATE) * 1_000;
  const windowMs = windowPolicy === 'floor' ? Math.max(audioMs, floorMs(options)) : audioMs;
  const wanted = Math.ceil(((windowMs + windowMarginMs) / 1_000) * FRAMES_PER_SECOND);
  const frames = Math.max(BLOCK_FRAMES, Math.ceil(wanted / BLOCK_FRAMES) * BLOCK_FRAMES);
  return frames >= FULL_FRAMES ? 0 : frames;
}

function floorMs({ kind, language, profile }: WindowOptions): number {
  const floors = profile.windowFloorsMs ?? DEFAULT_WINDOW_FLOORS_MS;
  return kind === 'final' && language === 'en' ? (floors.finalEnglish ?? floors.final) : floors[kind];
}

/** Encoder frames that really run; an engine's time depends on them. */
export function encoderFrames(options: WindowOptions): number {
  return audioContextFrames(options) || FULL_FRAMES;
}

/** Half of Whisper's text window without its first tokens: whisper.cpp makes no more. */
const MAX_TOKENS = 220;
/**
 * A short text may need more than its audio's share: one long word, digits, punctuation. An interim that is cut short is soon followed by
 * another one, and for half a word, a model may use up all the tokens that it gets.
 */
const SPARE_TOKENS: Record<RecognitionKind, number> = { interim: 10, final: 24 };
/** At most two more tries (0.4 and 0.8). */
const TEMPERATURE_INCREMENT = 0.4;

/**
 * Most tokens of a text for this much audio. Fast speech has about 6 tokens a second in English and up to 16 in scripts that Whisper's
 * vocabulary covers badly; more is a loop.
 */
export function tokenCap(options: { kind: RecognitionKind; samples: number; tokensPerSecond: number }): number {
  const { kind, samples, tokensPerSecond } = options;
  return Math.min(MAX_TOKENS, SPARE_TOKENS[kind] + Math.ceil((samples / SAMPLE_RATE) * tokensPerSecond));
}

/**
 * The entropy of the last 32 tokens (nats) that corresponds to a compression ratio: a loop of k tokens has an entropy of ln k and
 * compresses to about k in 32. Whisper's own limits for the two, 2.4 and 2.4, fix the rest.
 */
export function entropyThreshold(compressionRatio: number): number {
  const limit = 2.4;
  return Math.min(MAX_ENTROPY, Math.max(0, limit - Math.log(compressionRatio / limit)));
}

/**
 * The native job of a request.
 * @throws RecognitionError `NOT_SUPPORTED`, as a last check: settings that the model cannot follow are refused when they are made
 */
export function transcribeJob(options: {
  kind: RecognitionKind;
  pcm: Int16Array;
  settings: RecognitionSettings;
  profile: ModelProfile;
  timeoutMs: number;
  /** Left out if another model made it. */
  draft?: Draft | undefined;
}): TranscribeJob {
  const { kind, pcm, settings, profile, draft } = options;
  const [inability] = inabilitiesOf(profile, settings);
  if (inability !== undefined) throw new RecognitionError('NOT_SUPPORTED', inability.sentence);
  const languages = candidatesOf(profile, settings);
  const [only] = languages;
  // With only one language, there is nothing to detect.
  const language =
    settings.language === 'auto' && languages.length === 1 && only !== undefined ? only : settings.language;
  const { settled } = settings;
  // Another interim comes soon, and the built-in model gains nothing from another try.
  const triesAgain = kind === 'final' && settings.temperatureFallback && !profile.demo;
  const expected = language === 'auto' ? settled?.language : language;
  const maxTokens = tokenCap({ kind, samples: pcm.length, tokensPerSecond: settings.tokensPerSecond });
  return {
    pcm,
    language,
    languages,
    ...(language === 'auto' && settled !== undefined && languages.includes(settled.language) ? { settled } : {}),
    translate: settings.task === 'translate',
    audioContext: audioContextFrames({
      samples: pcm.length,
      kind,
      profile,
      ...(expected === undefined ? {} : { language: expected }),
    }),
    beamSize: settings.beamSize,
    maxTokens,
    prompt: settings.prompt,
    ...(draft?.model === profile.name ? { draft: draft.tokens.slice(0, maxTokens) } : {}),
    temperature: 0,
    temperatureIncrement: triesAgain ? TEMPERATURE_INCREMENT : 0,
    noSpeechThreshold: settings.noSpeechThreshold,
    logProbabilityThreshold: settings.logProbabilityThreshold,
    entropyThreshold: entropyThreshold(settings.compressionRatioThreshold),
    words: settings.words,
    timeoutMs: Math.min(MAX_TIMEOUT_MS, Math.max(1, Math.ceil(options.timeoutMs))),
  };
}
