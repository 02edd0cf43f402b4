import { isAcceptableAudio, requestFieldsSchema } from './protocol.js';
import { RecognitionError, type RecognitionRequest } from './recognition.js';

/** Why a request is refused before it gets to an engine; undefined if it is not. */
export function refusalOf(request: RecognitionRequest, signal: AbortSignal | undefined): RecognitionError | undefined {
  if (signal?.aborted === true) return new RecognitionError('SUPERSEDED', 'the request was given up');
  const { pcm, ...fields } = request;
  if (!isAcceptableAudio(pcm)) {
    return new RecognitionError('RECOGNIZER_FAILED', `${pcm.length} samples are more than 30 s`);
  }
  if (!(request.deadlineMs > 0) || !Number.isFinite(request.deadlineMs)) {
    return new RecognitionError('DEADLINE_EXCEEDED', 'the deadline had passed when the request came');
  }
  const checked = requestFieldsSchema.safeParse(fieldsOf(fields));
  if (checked.success) return undefined;
  const path = checked.error.issues[0]?.path.join('.') ?? '';
  return new RecognitionError('RECOGNIZER_FAILED', `the request's ${path} is out of its bounds`);
}

/** Copies field by field: callers may pass objects with more fields than the protocol accepts. */
export function fieldsOf({
  kind,
  meetingId,
  trackId,
  settings,
  deadlineMs,
  speculative = false,
  first = false,
  draft,
}: Omit<RecognitionRequest, 'pcm'>) {
  const { language, languages, settled, task, beamSize, temperatureFallback, prompt, words } = settings;
  const { noSpeechThreshold, logProbabilityThreshold, compressionRatioThreshold, tokensPerSecond } = settings;
  const spoken = { language, languages, ...(settled === undefined ? {} : { settled }) };
  const decoding = { task, beamSize, temperatureFallback, prompt, words };
  const gates = { noSpeechThreshold, logProbabilityThreshold, compressionRatioThreshold, tokensPerSecond };
  return {
    kind,
    meetingId,
    trackId,
    settings: { ...spoken, ...decoding, ...gates },
    deadlineMs,
    speculative,
    first,
    ...(draft === undefined ? {} : { draft: { model: draft.model, tokens: draft.tokens } }),
  };
}

/** Key of a request's track, which may have one interim at a time. */
export function trackKey({ meetingId, trackId }: Pick<RecognitionRequest, 'meetingId' | 'trackId'>): string {
  return JSON.stringify([meetingId, trackId]);
}
