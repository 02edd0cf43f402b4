import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, FramingError, MAX_FRAME_BYTES, MAX_HEADER_BYTES } from './framing.js';

const frames = fc.array(
  fc.record({
    header: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer())),
    pcm: fc.int16Array({ maxLength: 300 }),
  }),
  { maxLength: 5 },
);

function decodeInChunks(bytes: Buffer, sizes: number[]) {
  const decoder = new FrameDecoder();
  const out = [];
  let offset = 0;
  for (let i = 0; offset < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    out.push(...decoder.push(bytes.subarray(offset, offset + size)));
    offset += size;
  }
  return { decoder, out };
}

describe('framing', () => {
  it('gives back what was sent, however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 8 }), (sent, sizes) => {
        const bytes = Buffer.concat(sent.map(({ header, pcm }) => encodeFrame(header, pcm)));
        const { decoder, out } = decodeInChunks(bytes, sizes);
        expect(out.map(({ header, pcm }) => ({ header, pcm: [...pcm] }))).toEqual(
          sent.map(({ header, pcm }) => ({ header: JSON.parse(JSON.stringify(header)), pcm: [...pcm] })),
        );
        expect(decoder.idle).toBe(true);
      }),
    );
  });

  it('answers any bytes with frames or a framing error, and keeps no more than one frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 50 }), (bytes, size) => {
        try {
          decodeInChunks(Buffer.from(bytes), [size]);
        } catch (error) {
          expect(error).toBeInstanceOf(FramingError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds a flipped byte in the lengths, or reads another frame of the same bounds; never throws anything else', () => {
    const bytes = encodeFrame({ type: 'recognize', id: 1 }, new Int16Array(100));
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [1, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[i] = (damaged[i] ?? 0) ^ flip;
        try {
          for (const frame of new FrameDecoder().push(damaged)) expect(frame.pcm.length).toBeLessThanOrEqual(200);
        } catch (error) {
          expect(error).toBeInstanceOf(FramingError);
        }
      }
    }
  });

  it('tells a stream that was cut inside a frame from one that ended between two', () => {
    const bytes = encodeFrame({ a: 1 }, new Int16Array(10));
    for (let cut = 1; cut < bytes.length; cut++) {
      const decoder = new FrameDecoder();
      expect([...decoder.push(bytes.subarray(0, cut))]).toEqual([]);
      expect(decoder.idle).toBe(false);
    }
  });

  it('refuses a frame over 2 MiB before it allocates for it', () => {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32LE(MAX_FRAME_BYTES + 1);
    expect(() => [...new FrameDecoder().push(prefix)]).toThrow(FramingError);
    expect(() => encodeFrame({}, new Int16Array(MAX_FRAME_BYTES / 2))).toThrow(FramingError);
  });

  it('refuses a header over 64 KiB', () => {
    expect(() => encodeFrame({ text: 'x'.repeat(MAX_HEADER_BYTES) })).toThrow(FramingError);
    const frame = Buffer.alloc(4 + 4 + MAX_HEADER_BYTES + 2, ' ');
    frame.writeUInt32LE(frame.length - 4, 0);
    frame.writeUInt32LE(MAX_HEADER_BYTES + 2, 4);
    expect(() => [...new FrameDecoder().push(frame)]).toThrow(FramingError);
  });

  it('takes nothing more after an error', () => {
    const decoder = new FrameDecoder();
    expect(() => [...decoder.push(Buffer.from([0, 0, 0, 0]))]).toThrow(FramingError);
    expect(() => [...decoder.push(encodeFrame({ a: 1 }))]).toThrow(FramingError);
  });
});
