import { open, readFile } from 'node:fs/promises';
import { ModelFile, readModelLayout } from '../../lib/index.js';

/** Byte offset of the number of the file's quantisation. */
const FILE_TYPE_AT = 4 + 10 * 4;

/** Writes a ggml Whisper file again with all its tensors as 32-bit floats. */
export async function writeFloat32Model(from: string, to: string): Promise<void> {
  const layout = await readModelLayout(from);
  const source = await ModelFile.open(from);
  const file = await open(to, 'w');
  try {
    const firstHead = Math.min(
      ...[...layout.tensors].map(([name, { offset, dimensions }]) => offset - headOf(name, dimensions).length),
    );
    const head = (await readFile(from)).subarray(0, firstHead);
    head.writeUInt32LE(0, FILE_TYPE_AT);
    await file.write(head);
    for (const [name, { dimensions }] of layout.tensors) {
      const { values } = await source.tensor(name, dimensions);
      await file.write(headOf(name, dimensions));
      await file.write(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    }
  } finally {
    await file.close();
    await source.close();
  }
}

/** What stands before a tensor's values. */
function headOf(name: string, dimensions: readonly number[]): Buffer {
  const head = Buffer.alloc(12 + 4 * dimensions.length + Buffer.byteLength(name));
  head.writeUInt32LE(dimensions.length, 0);
  head.writeUInt32LE(Buffer.byteLength(name), 4);
  head.writeUInt32LE(0, 8);
  [...dimensions].reverse().forEach((size, at) => {
    head.writeUInt32LE(size, 12 + 4 * at);
  });
  head.write(name, 12 + 4 * dimensions.length);
  return head;
}
