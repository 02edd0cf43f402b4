import type { CommittedSegment } from '@parley/client-sdk/protocol';
import type { PipelineEvent, RecordingTranscriber } from '@parley/media/node';
import { ProcessError } from '@parley/media/process';
import type { ReadingProfile, SpeechSettings } from '@parley/media/settings';
import { segmentOf } from '../rooms/segments.js';

export interface FileTranscript {
  /** Finals and gaps, in order of their start; times are milliseconds from the start of the file. */
  segments: CommittedSegment[];
  /** How much was transcribed. */
  durationMs: number;
  /** Why it is not the whole file. */
  problem?: string;
}

/** Transcribes one file. Never rejects for a reason in the file: what was transcribed before a damaged place is returned. */
export async function transcribeFile(options: {
  transcriber: Pick<RecordingTranscriber, 'transcribe'>;
  file: string;
  /** Of the speaker. */
  name: string;
  trackId: string;
  settings: SpeechSettings;
  reading?: Partial<ReadingProfile> | undefined;
  onProgress: (progress: { doneMs: number; durationMs: number | undefined }) => void;
}): Promise<FileTranscript> {
  const { transcriber, file, name, trackId, settings, reading, onProgress } = options;
  const segments: Omit<CommittedSegment, 'seq'>[] = [];
  const speaker = { participantId: trackId, displayName: name, nameSource: 'vouched' as const, track: 'recording' };
  let durationMs: number | undefined;
  let doneMs = 0;
  const onEvent = (event: PipelineEvent) => {
    switch (event.type) {
      case 'recordingOpened':
        ({ durationMs } = event);
        onProgress({ doneMs, durationMs });
        break;
      case 'ledgerUpdated':
        doneMs = event.ledger.totalMs;
        onProgress({ doneMs, durationMs });
        break;
      case 'final':
      case 'gap':
        segments.push({ ...segmentOf({ event, speaker, meetingId: file }), status: event.type });
    }
  };
  let problem: string | undefined;
  try {
    const track = { trackId, participantId: trackId, name: speaker.track };
    ({ durationMs } = await transcriber.transcribe({ file, track, settings, reading, onEvent }));
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    problem =
      error.code === 'REQUEST_FAILED' ? error.message : `${file}: The process that transcribed it ended unexpectedly.`;
  }
  return {
    segments: segments
      .toSorted((one, other) => one.startMs - other.startMs)
      .map((segment, index) => ({ ...segment, seq: index + 1 })),
    durationMs: problem === undefined ? (durationMs ?? doneMs) : doneMs,
    ...(problem === undefined ? {} : { problem }),
  };
}
