export interface WavOptions {
  values: readonly number[];
  encoding: 'pcm' | 'float';
  bits: 8 | 16 | 24 | 32;
  channels?: number;
  sampleRate?: number;
  /** Bytes of a chunk before the samples. */
  extraChunk?: number;
  /** The length in the header, if wrong. */
  dataLength?: number;
  formatTag?: number;
}

/** A WAV file of these values. */
export function wavFile(options: WavOptions): Uint8Array {
  const { values, encoding, bits, channels = 1, sampleRate = 16_000 } = options;
  const bytes = bits / 8;
  const samples = Buffer.alloc(values.length * bytes);
  for (const [index, value] of values.entries()) {
    if (encoding === 'float') samples.writeFloatLE(value, index * bytes);
    else if (bits === 8) samples.writeUInt8(Math.round(value * 127) + 128, index);
    else samples.writeIntLE(Math.round(value * 2 ** (bits - 1)), index * bytes, bytes);
  }
  const format = Buffer.alloc(16);
  format.writeUInt16LE(options.formatTag ?? (encoding === 'float' ? 3 : 1), 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(sampleRate, 4);
  format.writeUInt32LE(sampleRate * channels * bytes, 8);
  format.writeUInt16LE(channels * bytes, 12);
  format.writeUInt16LE(bits, 14);
  const { extraChunk } = options;
  const chunks = [
    chunk('fmt ', format),
    ...(extraChunk === undefined ? [] : [chunk('LIST', Buffer.alloc(extraChunk))]),
    chunk('data', samples, options.dataLength),
  ];
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  return new Uint8Array(Buffer.concat([chunk('RIFF', body)]));
}

function chunk(name: string, body: Buffer, length = body.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(name);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}
