/** The parts of an RTP packet that a recogniser needs (RFC 3550 section 5.1). */
export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  /** 16 bits, wraps. */
  sequenceNumber: number;
  /** 32 bits, wraps; 48 kHz for Opus whatever its real bandwidth (RFC 7587). */
  timestamp: number;
  ssrc: number;
  /** A view into the datagram, not a copy; without CSRC list, header extension and padding. May be empty (padding-only packets). */
  payload: Uint8Array;
}

/** Why a datagram is not an RTP packet. */
export type RtpRejectReason = 'tooShort' | 'badVersion' | 'csrcOverrun' | 'extensionOverrun' | 'badPadding';

export type ParsedRtp = { ok: true; packet: RtpPacket } | { ok: false; reason: RtpRejectReason };

const FIXED_HEADER_BYTES = 12;

const rejected = (reason: RtpRejectReason): ParsedRtp => Object.freeze({ ok: false, reason } as const);
const TOO_SHORT = rejected('tooShort');
const BAD_VERSION = rejected('badVersion');
const CSRC_OVERRUN = rejected('csrcOverrun');
const EXTENSION_OVERRUN = rejected('extensionOverrun');
const BAD_PADDING = rejected('badPadding');

/**
 * Reads one datagram as RTP. Total: never throws, reads nothing outside `data`, and takes constant time whatever the header
 * says (header extensions are skipped as a whole; nothing here needs them).
 *
 * Source: RFC 3550 section 5.1 and the validity checks of its appendix A.1.
 */
export function parseRtpPacket(data: Uint8Array): ParsedRtp {
  const length = data.length;
  if (length < FIXED_HEADER_BYTES) return TOO_SHORT;
  const first = byteAt(data, 0);
  if (first >> 6 !== 2) return BAD_VERSION;

  let start = FIXED_HEADER_BYTES + (first & 0x0f) * 4;
  if (start > length) return CSRC_OVERRUN;
  if ((first & 0x10) !== 0) {
    if (start + 4 > length) return EXTENSION_OVERRUN;
    start += 4 + uint16At(data, start + 2) * 4;
    if (start > length) return EXTENSION_OVERRUN;
  }

  let end = length;
  if ((first & 0x20) !== 0) {
    // The count includes itself, so 0 is as invalid as one that reaches into the header.
    const padding = byteAt(data, length - 1);
    end -= padding;
    if (padding === 0 || end < start) return BAD_PADDING;
  }

  const second = byteAt(data, 1);
  return {
    ok: true,
    packet: {
      payloadType: second & 0x7f,
      marker: (second & 0x80) !== 0,
      sequenceNumber: uint16At(data, 2),
      timestamp: uint32At(data, 4),
      ssrc: uint32At(data, 8),
      payload: new Uint8Array(data.buffer, data.byteOffset + start, end - start),
    },
  };
}

/**
 * True for an RTCP packet on a port that carries both (RFC 5761 section 4): packet types 192 to 223 are 64 to 95 in the bits
 * of an RTP payload type. Says nothing about the rest of the packet.
 */
export function isRtcp(data: Uint8Array): boolean {
  if (data.length < 2) return false;
  const payloadType = byteAt(data, 1) & 0x7f;
  return payloadType >= 64 && payloadType <= 95;
}

// The callers have checked the bounds; `?? 0` only satisfies the compiler.
function byteAt(data: Uint8Array, offset: number): number {
  return data[offset] ?? 0;
}

function uint16At(data: Uint8Array, offset: number): number {
  return (byteAt(data, offset) << 8) | byteAt(data, offset + 1);
}

function uint32At(data: Uint8Array, offset: number): number {
  return ((uint16At(data, offset) << 16) | uint16At(data, offset + 2)) >>> 0;
}
