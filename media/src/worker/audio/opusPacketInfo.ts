/** Information from the headers of an Opus packet. */
export interface OpusPacketInfo {
  /** Duration of the whole packet, in samples at 48 kHz (120 to 5,760), which are also ticks of its RTP timestamps. */
  durationSamples48k: number;
  frames: number;
  stereo: boolean;
  /** True if its SILK layer carries the packet before once more (LBRR, "in-band FEC"). */
  hasFec: boolean;
}

/** R2: longest compressed frame. */
const MAX_FRAME_BYTES = 1_275;
/** R5: 120 ms. */
const MAX_DURATION_48K = 5_760;
const MAX_SILK_CONFIG = 11;
const MAX_HYBRID_CONFIG = 15;
const SILK_FRAME_48K = [480, 960, 1_920, 2_880] as const;
const HYBRID_FRAME_48K = [480, 960] as const;
const CELT_FRAME_48K = [120, 240, 480, 960] as const;

/**
 * Checks a packet by the rules R1 to R7 of RFC 6716 section 3.4 and reads its headers. Total: never throws, reads nothing
 * outside `packet`.
 *
 * @param packet an RTP payload, whole
 * @returns null for an empty or invalid packet
 */
export function opusPacketInfo(packet: Uint8Array): OpusPacketInfo | null {
  if (packet.length === 0) return null; // R1
  const toc = byteAt(packet, 0);
  const config = toc >> 3;
  const stereo = (toc & 0x04) !== 0;
  const frameSamples = frameSamples48k(config);
  const first = firstFrame(packet, frameSamples);
  if (first === null) return null;
  return {
    durationSamples48k: first.frames * frameSamples,
    frames: first.frames,
    stereo,
    hasFec:
      config <= MAX_HYBRID_CONFIG && first.bytes > 0 && carriesLbrr(byteAt(packet, first.offset), frameSamples, stereo),
  };
}

interface FirstFrame {
  frames: number;
  offset: number;
  bytes: number;
}

/** Walks over the frame sizes; null if they break a rule. */
function firstFrame(packet: Uint8Array, frameSamples: number): FirstFrame | null {
  const length = packet.length;
  switch (byteAt(packet, 0) & 0x03) {
    case 0:
      return length - 1 > MAX_FRAME_BYTES ? null : { frames: 1, offset: 1, bytes: length - 1 };
    case 1: {
      const bytes = (length - 1) / 2; // R3
      return !Number.isInteger(bytes) || bytes > MAX_FRAME_BYTES ? null : { frames: 2, offset: 1, bytes };
    }
    case 2: {
      const size = frameSize(packet, 1, length); // R4
      if (size === null) return null;
      const rest = length - size.next - size.bytes;
      return rest < 0 || rest > MAX_FRAME_BYTES ? null : { frames: 2, offset: size.next, bytes: size.bytes };
    }
    default:
      return firstOfMany(packet, frameSamples);
  }
}

/** Code 3: a frame count, optional padding, and either explicit sizes (VBR) or equal shares (CBR). */
function firstOfMany(packet: Uint8Array, frameSamples: number): FirstFrame | null {
  if (packet.length < 2) return null; // R6, R7
  const header = byteAt(packet, 1);
  const frames = header & 0x3f;
  if (frames === 0 || frames * frameSamples > MAX_DURATION_48K) return null; // R5

  let offset = 2;
  let end = packet.length;
  if ((header & 0x40) !== 0) {
    let more = true;
    while (more) {
      if (offset >= end) return null;
      const value = byteAt(packet, offset);
      offset += 1;
      more = value === 255;
      end -= more ? 254 : value;
    }
    if (end < offset) return null;
  }

  if ((header & 0x80) === 0) {
    const bytes = (end - offset) / frames; // R6
    return !Number.isInteger(bytes) || bytes > MAX_FRAME_BYTES ? null : { frames, offset, bytes };
  }
  let total = 0;
  let firstBytes = 0;
  for (let frame = 0; frame < frames - 1; frame += 1) {
    const size = frameSize(packet, offset, end);
    if (size === null) return null;
    if (frame === 0) firstBytes = size.bytes;
    total += size.bytes;
    offset = size.next;
  }
  const lastBytes = end - offset - total; // R7
  if (lastBytes < 0 || lastBytes > MAX_FRAME_BYTES) return null;
  return { frames, offset, bytes: frames === 1 ? lastBytes : firstBytes };
}

/** RFC 6716 section 3.2.1: one byte up to 251, else two. */
function frameSize(packet: Uint8Array, offset: number, end: number): { bytes: number; next: number } | null {
  if (offset >= end) return null;
  const low = byteAt(packet, offset);
  if (low < 252) return { bytes: low, next: offset + 1 };
  if (offset + 1 >= end) return null;
  return { bytes: low + 4 * byteAt(packet, offset + 1), next: offset + 2 };
}

function frameSamples48k(config: number): number {
  if (config <= MAX_SILK_CONFIG) return SILK_FRAME_48K[config & 0x03] ?? 0;
  if (config <= MAX_HYBRID_CONFIG) return HYBRID_FRAME_48K[config & 0x01] ?? 0;
  return CELT_FRAME_48K[config & 0x03] ?? 0;
}

/**
 * RFC 6716 section 4.2.3: a SILK frame begins with one voice-activity bit per 20 ms and then the LBRR flag, once for each
 * channel. All have a probability of one half, so the range coder leaves them as plain bits.
 */
function carriesLbrr(firstByte: number, frameSamples: number, stereo: boolean): boolean {
  const silkFrames = Math.max(1, frameSamples / 960);
  const mid = (firstByte >> (7 - silkFrames)) & 1;
  const side = stereo ? (firstByte >> (6 - 2 * silkFrames)) & 1 : 0;
  return (mid | side) === 1;
}

// The callers have checked the bounds; `?? 0` only satisfies the compiler.
function byteAt(packet: Uint8Array, offset: number): number {
  return packet[offset] ?? 0;
}
