import type { TrackEvent } from '../contract/messages.js';
import { OfflineTrack, type OfflineTrackOptions } from './OfflineTrack.js';
import { openRecording } from './openRecording.js';

export interface TranscribeRecordingOptions extends OfflineTrackOptions {
  file: string;
  onEvent: (event: TrackEvent) => void;
  signal?: AbortSignal;
}

const SAMPLES_PER_MS = 16;
const BLOCK_MS = 20;
const BLOCK_SAMPLES = BLOCK_MS * SAMPLES_PER_MS;
const BREATH_SAMPLES = 1_000 * SAMPLES_PER_MS;

/**
 * Transcribes a file as if it were a live track, as fast as the machine can. Times of events are milliseconds from the start of the file.
 * @returns the length of the audio
 * @throws RecordingError. Audio before a damaged place has been transcribed by then
 */
export async function transcribeRecording(options: TranscribeRecordingOptions): Promise<{ durationMs: number }> {
  const { file, signal, ...trackOptions } = options;
  const recording = await openRecording({ file });
  const abort = () => recording.close();
  signal?.addEventListener('abort', abort, { once: true });
  const track = new OfflineTrack(trackOptions);
  let samples = 0;
  try {
    options.onEvent({ type: 'recordingOpened', durationMs: recording.durationMs });
    for await (const pcm of recording.audio) {
      for (let at = 0; at < pcm.length; at += BLOCK_SAMPLES) {
        signal?.throwIfAborted();
        const block = pcm.subarray(at, at + BLOCK_SAMPLES);
        samples += block.length;
        track.pipeline.pushPcm(block);
        await track.advance(block.length / SAMPLES_PER_MS);
        track.pipeline.tick();
        // Silence needs no work that would let other events through, such as pings of the parent process.
        if (samples % BREATH_SAMPLES < BLOCK_SAMPLES) await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    recording.close();
    await track.close();
  }
  return { durationMs: samples / SAMPLES_PER_MS };
}
