import type { Sound } from './Sound.js';

const MAGIC = 'fLaC';
const VARIANT = 'min';

/**
 * Decodes a FLAC file of any rate; several channels become their mean. Undefined for everything else. No program is needed: the
 * decoder is libFLAC as JavaScript. What comes out is compared with the checksum that the file holds of its samples.
 *
 * @throws Error where the file is damaged or ends too early
 */
export async function decodeFlac(file: Uint8Array): Promise<Sound | undefined> {
  if (String.fromCharCode(...file.subarray(0, MAGIC.length)) !== MAGIC) return undefined;
  const flac = await loadLibrary();
  const decoder = flac.create_libflac_decoder(true);
  if (decoder === 0) throw new Error('The FLAC decoder did not start.');
  const blocks: Float32Array[] = [];
  let sampleRate = 0;
  let readBytes = 0;
  let broken = false;
  try {
    flac.init_decoder_stream(
      decoder,
      (most) => {
        const buffer = new Uint8Array(file.subarray(readBytes, readBytes + most));
        readBytes += buffer.length;
        return { buffer, readDataLength: buffer.length };
      },
      (channels, block) => {
        sampleRate = block.sampleRate;
        blocks.push(meanOf(channels, block));
      },
      () => {
        broken = true;
      },
    );
    const decoded = flac.FLAC__stream_decoder_process_until_end_of_stream(decoder);
    const whole = flac.FLAC__stream_decoder_finish(decoder);
    if (broken || !decoded || !whole || sampleRate === 0) throw new Error('The FLAC file is damaged or incomplete.');
  } finally {
    flac.FLAC__stream_decoder_delete(decoder);
  }
  return { sampleRate, samples: joined(blocks) };
}

/** Loaded with the first file: who only needs fakes needs no decoder. */
async function loadLibrary() {
  const { default: load } = await import('libflacjs');
  const flac = load(VARIANT);
  if (!flac.isReady()) await new Promise<void>((resolve) => flac.on('ready', () => resolve()));
  return flac;
}

/** @param channels little-endian whole numbers, filled up to 1, 2 or 4 bytes */
function meanOf(
  channels: readonly Uint8Array[],
  { blocksize, bitsPerSample }: { blocksize: number; bitsPerSample: number },
): Float32Array {
  const mean = new Float32Array(blocksize);
  const scale = 2 ** (bitsPerSample - 1) * channels.length;
  for (const channel of channels) {
    const view = new DataView(channel.buffer, channel.byteOffset, channel.byteLength);
    const bytes = channel.byteLength / blocksize;
    const read = { 1: view.getInt8, 2: view.getInt16, 4: view.getInt32 }[bytes];
    if (read === undefined) throw new Error(`FLAC of ${bitsPerSample} bits is not supported.`);
    for (let index = 0; index < blocksize; index += 1) {
      mean[index] = (mean[index] ?? 0) + read.call(view, index * bytes, true) / scale;
    }
  }
  return mean;
}

function joined(blocks: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
