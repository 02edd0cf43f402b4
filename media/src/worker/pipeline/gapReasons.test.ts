import { describe, expect, it } from 'vitest';
import { RecognitionError, type RecognitionErrorCode } from '../../asr/contract/recognition.js';
import type { PipelineGapReason } from '../contract/messages.js';
import { AudioLostError, gapOf, gapReasonOf } from './gapReasons.js';

describe('the reason of a gap', () => {
  const REASONS: [RecognitionErrorCode, PipelineGapReason][] = [
    ['RECOGNIZER_FAILED', 'recognizerFailed'],
    ['ENGINE_TOO_SLOW', 'deadlineExceeded'],
    ['NOT_SUPPORTED', 'recognizerUnavailable'],
    ['SUPERSEDED', 'recognizerUnavailable'],
    ['RECOGNIZER_UNAVAILABLE', 'recognizerUnavailable'],
    ['OVERLOADED', 'overloaded'],
    ['DEADLINE_EXCEEDED', 'deadlineExceeded'],
    ['CLOSED', 'recognizerUnavailable'],
  ];
  it.each(REASONS)('of a final that failed with %s is %s', (code, reason) => {
    expect(gapReasonOf(new RecognitionError(code, 'failed'))).toBe(reason);
  });

  it('of audio that is gone is the media worker', () => {
    expect(gapReasonOf(new AudioLostError(16_000))).toBe('mediaWorkerLost');
  });

  it('of anything unforeseen is the recogniser', () => {
    expect(gapReasonOf(new TypeError('a bug'))).toBe('recognizerFailed');
  });

  it('is that of speech that is to have no text, where there is speech', () => {
    expect(gapOf({ shed: 'rejected' })).toBe('rejected');
    expect(gapOf({ shed: 'asleep' })).toBeUndefined();
    expect(gapOf({ rejected: 'annotation' })).toBeUndefined();
    expect(gapOf('crosstalk')).toBeUndefined();
    expect(gapOf('transcribed')).toBeUndefined();
  });
});
