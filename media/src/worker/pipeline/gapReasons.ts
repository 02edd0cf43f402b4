import { RecognitionError, type RecognitionErrorCode } from '../../asr/contract/recognition.js';
import type { PipelineGapReason } from '../contract/messages.js';
import type { AudioFate } from './AudioLedger.js';

/** The audio that a request is about is not there any more, or not all of it. */
export class AudioLostError extends Error {
  override readonly name = 'AudioLostError';
  readonly code = 'AUDIO_LOST';

  constructor(missingSamples: number) {
    super(`${missingSamples} samples of the utterance are gone`);
  }
}

const GAP_REASONS: Record<RecognitionErrorCode, PipelineGapReason> = {
  DEADLINE_EXCEEDED: 'deadlineExceeded',
  OVERLOADED: 'overloaded',
  ENGINE_TOO_SLOW: 'deadlineExceeded',
  RECOGNIZER_FAILED: 'recognizerFailed',
  NOT_SUPPORTED: 'recognizerUnavailable',
  RECOGNIZER_UNAVAILABLE: 'recognizerUnavailable',
  // Nobody has taken the place of a final: there was nobody to answer it.
  SUPERSEDED: 'recognizerUnavailable',
  CLOSED: 'recognizerUnavailable',
};

/** What readers are told of speech whose final failed. */
export function gapReasonOf(error: unknown): PipelineGapReason {
  if (error instanceof RecognitionError) return GAP_REASONS[error.code];
  return error instanceof AudioLostError ? 'mediaWorkerLost' : 'recognizerFailed';
}

/** What readers are told of speech that is to have no text. */
export function gapOf(fate: AudioFate): PipelineGapReason | undefined {
  return typeof fate === 'object' && 'shed' in fate && fate.shed !== 'asleep' ? fate.shed : undefined;
}
