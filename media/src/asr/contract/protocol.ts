import { z } from 'zod';
import { MOST_LANGUAGES } from '../../settings/speechSettings.js';
import { MAX_DRAFT_TOKENS, MAX_REQUEST_SAMPLES, MAX_TOKEN_ID } from './limits.js';
import type { LoadLevel, LoadReason } from './load.js';
import type { RecognitionErrorCode, Rejection } from './recognition.js';

/** Messages on the socket between `RecognitionClient` and the ASR process; the headers of its frames. */

export const PROTOCOL_VERSION = 6;

const id = z.int().min(1);
const probability = z.number().min(0).max(1);
const language = z.string().max(16);
const key = z.string().min(1).max(512);
const draft = z.strictObject({
  model: key,
  tokens: z.array(z.int().min(0).max(MAX_TOKEN_ID)).min(1).max(MAX_DRAFT_TOKENS).readonly(),
});

export const recognizeHeaderSchema = z.strictObject({
  type: z.literal('recognize'),
  id,
  kind: z.enum(['interim', 'final']),
  meetingId: key,
  trackId: key,
  settings: z.strictObject({
    language,
    languages: z.array(language).max(MOST_LANGUAGES).readonly(),
    settled: z.strictObject({ language, switchProbability: z.number().min(0) }).exactOptional(),
    task: z.enum(['transcribe', 'translate']),
    beamSize: z.int().min(1).max(8),
    temperatureFallback: z.boolean(),
    prompt: z.string().max(8_000),
    words: z.boolean(),
    noSpeechThreshold: probability,
    logProbabilityThreshold: z.number().max(0),
    compressionRatioThreshold: z.number().min(1),
    tokensPerSecond: z.int().min(1).max(50),
  }),
  deadlineMs: z.number().min(0),
  speculative: z.boolean(),
  first: z.boolean(),
  draft: draft.exactOptional(),
  suspect: z.boolean(),
});

/** Checks a request before it is sent: one that breaks the protocol would cost its sender the connection. */
export const requestFieldsSchema = recognizeHeaderSchema.omit({ type: true, id: true, suspect: true });

/** What a client sends. Samples follow `recognize` only. */
export const toServerSchema = z.discriminatedUnion('type', [
  recognizeHeaderSchema,
  z.strictObject({ type: z.literal('cancel'), id }),
]);
export type ToServer = z.infer<typeof toServerSchema>;
export type RecognizeHeader = z.infer<typeof recognizeHeaderSchema>;

const errorCodes = [
  'DEADLINE_EXCEEDED',
  'OVERLOADED',
  'RECOGNIZER_FAILED',
  'ENGINE_TOO_SLOW',
  'NOT_SUPPORTED',
  'RECOGNIZER_UNAVAILABLE',
  'SUPERSEDED',
  'CLOSED',
] as const satisfies RecognitionErrorCode[];

const rejections = [
  'noSpeech',
  'noLetters',
  'annotation',
  'lowProbability',
  'repetition',
  'promptEcho',
  'nearSilent',
] as const satisfies Rejection[];
const loadLevels = [0, 1, 2, 3, 4] as const satisfies LoadLevel[];
const loadReasons = ['finalsWait', 'manySpeak', 'slowModel', 'recovered'] as const satisfies LoadReason[];

const hypothesisSchema = z.strictObject({
  text: z.string(),
  language: z.string(),
  languageProbability: probability,
  likelier: z.strictObject({ language: z.string(), probability }).exactOptional(),
  confidence: probability,
  noSpeechProbability: probability,
  rejected: z.enum(rejections).exactOptional(),
  truncated: z.boolean().exactOptional(),
  loopAtMs: z.number().min(0).exactOptional(),
  words: z
    .array(z.strictObject({ text: z.string(), startMs: z.number(), endMs: z.number(), probability }))
    .exactOptional(),
  draft: draft.exactOptional(),
  queuedMs: z.number(),
  engineMs: z.number(),
});

const capabilitiesSchema = z.strictObject({
  maxBatch: z.int().min(1),
  words: z.boolean(),
  languages: z.array(language).readonly(),
  interims: z.boolean(),
  longestWindowMs: z.strictObject({ interim: z.number().positive(), final: z.number().positive() }),
});

/** What the ASR process sends. */
export const toClientSchema = z.discriminatedUnion('type', [
  /** First on every connection: the engine is ready with these capabilities, and requests are accepted. */
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.literal(PROTOCOL_VERSION),
    capabilities: capabilitiesSchema,
  }),
  /** After `hello`, and whenever it changes. */
  z.strictObject({
    type: z.literal('load'),
    level: z.literal(loadLevels),
    reason: z.enum(loadReasons),
    interimIntervalMs: z.number().min(0).nullable(),
  }),
  /** The engine starts this request: it may be the one that crashes the process. */
  z.strictObject({ type: z.literal('started'), id }),
  z.strictObject({ type: z.literal('result'), id, hypothesis: hypothesisSchema }),
  z.strictObject({ type: z.literal('error'), id, code: z.enum(errorCodes), message: z.string() }),
]);
export type ToClient = z.infer<typeof toClientSchema>;

/** Whether an engine can take the audio of a request. */
export function isAcceptableAudio(pcm: Int16Array): boolean {
  return pcm.length <= MAX_REQUEST_SAMPLES;
}
