import { open } from 'node:fs/promises';
import { readModelHeader } from '@parley/native';

/** Before the mel filters: magic and eleven dimensions. */
const MEL_AT = 4 + 4 * 11;
/** More than the head of any Whisper file has: 1 MB of words and their lengths. */
const MOST_HEAD_BYTES = 8 * 2 ** 20;

/**
 * The text tokens of a ggml Whisper file, as bytes, in order.
 * @throws NativeError `NATIVE_MODEL_UNREADABLE` for any other file
 */
export async function readTokens(path: string): Promise<Uint8Array[]> {
  const { bytes } = await readModelHeader(path);
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(Math.min(bytes, MOST_HEAD_BYTES));
    await file.read(head, 0, head.length, 0);
    let at = MEL_AT + 8 + 4 * head.readUInt32LE(MEL_AT) * head.readUInt32LE(MEL_AT + 4);
    const count = head.readUInt32LE(at);
    at += 4;
    return Array.from({ length: count }, () => {
      const start = at + 4;
      at = start + head.readUInt32LE(at);
      return head.subarray(start, at);
    });
  } finally {
    await file.close();
  }
}
