import { RecognitionError, type RecognitionErrorCode } from '../../asr/contract/recognition.js';
import type { PipelineGapReason } from '../contract/messages.js';
import type { AudioFate } from './AudioLedger.js';

/** The audio of a request is gone, or part of it. */
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
  // A final is never superseded, so there was nothing to answer it.
  SUPERSEDED: 'recognizerUnavailable',
  CLOSED: 'recognizerUnavailable',
};

/** The reason that readers see for speech whose final failed. */
export function gapReasonOf(error: unknown): PipelineGapReason {
  if (error instanceof RecognitionError) return GAP_REASONS[error.code];
  return error instanceof AudioLostError ? 'mediaWorkerLost' : 'recognizerFailed';
}

/** The reason that readers see for speech without text; undefined if they see nothing. */
export function gapOf(fate: AudioFate): PipelineGapReason | undefined {
  return typeof fate === 'object' && 'shed' in fate && fate.shed !== 'asleep' ? fate.shed : undefined;
}
