/**
 * Frames on the socket to the ASR process: u32 LE length of all that follows, u32 LE length of the header, the header as UTF-8
 * JSON, then samples (16-bit, little endian). The header is padded with spaces so that the samples lie at an even offset.
 */

export const MAX_FRAME_BYTES = 2 * 1024 * 1024;
export const MAX_HEADER_BYTES = 64 * 1024;

const LENGTH_BYTES = 4;

export interface Frame {
  header: unknown;
  /** Empty if the frame has none. A view into memory that nothing else uses. */
  pcm: Int16Array;
}

/** The peer does not keep to the protocol; its connection must be closed. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

const NO_PCM = new Int16Array(0);

/** @throws FramingError if the header or the frame would be too long */
export function encodeFrame(header: object, pcm: Int16Array = NO_PCM): Buffer {
  let json = JSON.stringify(header);
  let headerBytes = Buffer.byteLength(json);
  if (headerBytes % 2 === 1) {
    json += ' ';
    headerBytes += 1;
  }
  if (headerBytes > MAX_HEADER_BYTES)
    throw new FramingError(`header of ${headerBytes} bytes, at most ${MAX_HEADER_BYTES}`);
  const length = LENGTH_BYTES + headerBytes + pcm.byteLength;
  if (length > MAX_FRAME_BYTES) throw new FramingError(`frame of ${length} bytes, at most ${MAX_FRAME_BYTES}`);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + length);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(headerBytes, LENGTH_BYTES);
  frame.write(json, 2 * LENGTH_BYTES, 'utf8');
  frame.set(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength), 2 * LENGTH_BYTES + headerBytes);
  return frame;
}

/**
 * Cuts a byte stream into frames, whatever the chunks. After a `FramingError` the position in the stream is lost, and the decoder accepts
 * nothing more.
 */
export class FrameDecoder {
  readonly #prefix = Buffer.alloc(LENGTH_BYTES);
  #prefixFilled = 0;
  /** The frame that is being read; allocated once its length is known and within bounds. */
  #body: Buffer | undefined;
  #bodyFilled = 0;
  #broken = false;

  /** True between two frames: a stream that ends here was not cut. */
  get idle(): boolean {
    return this.#prefixFilled === 0;
  }

  /** @throws FramingError */
  *push(chunk: Buffer): Generator<Frame> {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#broken) throw new FramingError('the stream is broken');
      if (this.#body === undefined) {
        const taken = chunk.copy(this.#prefix, this.#prefixFilled, offset);
        this.#prefixFilled += taken;
        offset += taken;
        if (this.#prefixFilled < LENGTH_BYTES) return;
        const length = this.#prefix.readUInt32LE(0);
        if (length < LENGTH_BYTES || length > MAX_FRAME_BYTES) this.#fail(`frame of ${length} bytes`);
        this.#body = Buffer.allocUnsafeSlow(length);
        this.#bodyFilled = 0;
      }
      const taken = chunk.copy(this.#body, this.#bodyFilled, offset);
      this.#bodyFilled += taken;
      offset += taken;
      if (this.#bodyFilled < this.#body.length) return;
      const body = this.#body;
      this.#body = undefined;
      this.#prefixFilled = 0;
      yield this.#parse(body);
    }
  }

  #parse(body: Buffer): Frame {
    const headerBytes = body.readUInt32LE(0);
    const pcmOffset = LENGTH_BYTES + headerBytes;
    if (headerBytes > MAX_HEADER_BYTES || pcmOffset > body.length) this.#fail(`header of ${headerBytes} bytes`);
    if (pcmOffset % 2 === 1 || (body.length - pcmOffset) % 2 === 1) this.#fail('half a sample');
    let header: unknown;
    try {
      header = JSON.parse(body.toString('utf8', LENGTH_BYTES, pcmOffset));
    } catch {
      this.#fail('the header is not JSON');
    }
    const samples = (body.length - pcmOffset) / 2;
    return { header, pcm: samples === 0 ? NO_PCM : new Int16Array(body.buffer, body.byteOffset + pcmOffset, samples) };
  }

  #fail(message: string): never {
    this.#broken = true;
    throw new FramingError(message);
  }
}
