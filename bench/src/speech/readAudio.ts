import { joinPcm } from '@parley/media/testing';
import { openRecording } from '@parley/media/worker';

/** A whole recording of any format as 16 kHz mono. @throws RecordingError */
export async function readAudio(file: string): Promise<Int16Array> {
  const { audio } = await openRecording({ file });
  const blocks: Int16Array[] = [];
  for await (const block of audio) blocks.push(block);
  return joinPcm(blocks);
}
