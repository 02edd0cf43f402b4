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
  // A final is never overtaken: nothing was there to answer it.
  SUPERSEDED: 'recognizerUnavailable',
  CLOSED: 'recognizerUnavailable',
};

/** The reason that readers see for speech whose final failed. */
export function gapReasonOf(error: unknown): PipelineGapReason {
  if (error instanceof RecognitionError) return GAP_REASONS[error.code];
  return error instanceof AudioLostError ? 'mediaWorkerLost' : 'recognizerFailed';
}

/** The reason that readers see for speech that is to have no text; undefined where there is nothing to see. */
export function gapOf(fate: AudioFate): PipelineGapReason | undefined {
  return typeof fate === 'object' && 'shed' in fate && fate.shed !== 'asleep' ? fate.shed : undefined;
}
