import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRtcp, parseRtpPacket } from './parseRtpPacket.js';

function header(
  fields: { first?: number; second?: number; sequence?: number; timestamp?: number; ssrc?: number } = {},
) {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, fields.first ?? 0x80);
  view.setUint8(1, fields.second ?? 111);
  view.setUint16(2, fields.sequence ?? 7);
  view.setUint32(4, fields.timestamp ?? 960);
  view.setUint32(8, fields.ssrc ?? 0xdeadbeef);
  return [...bytes];
}

const reasonOf = (bytes: number[]) => {
  const parsed = parseRtpPacket(Uint8Array.from(bytes));
  return parsed.ok ? 'accepted' : parsed.reason;
};

const payloadOf = (bytes: number[]) => {
  const parsed = parseRtpPacket(Uint8Array.from(bytes));
  return parsed.ok ? [...parsed.packet.payload] : parsed.reason;
};

describe('parseRtpPacket', () => {
  it('reads every field of a plain packet', () => {
    const parsed = parseRtpPacket(
      Uint8Array.from([
        ...header({ second: 0x80 | 100, sequence: 65_535, timestamp: 0xffff_fffe, ssrc: 0x8000_0001 }),
        1,
        2,
        3,
      ]),
    );
    expect(parsed).toEqual({
      ok: true,
      packet: {
        payloadType: 100,
        marker: true,
        sequenceNumber: 65_535,
        timestamp: 0xffff_fffe,
        ssrc: 0x8000_0001,
        payload: Uint8Array.from([1, 2, 3]),
      },
    });
  });

  it('leaves out CSRC list, header extension and padding', () => {
    const bytes = [
      ...header({ first: 0x80 | 0x20 | 0x10 | 2 }),
      ...[1, 1, 1, 1, 2, 2, 2, 2],
      ...[0xbe, 0xde, 0, 1, 0x10, 0x85, 0, 0],
      ...[42, 43],
      ...[0, 0, 3],
    ];
    expect(payloadOf(bytes)).toEqual([42, 43]);
  });

  it('skips an extension whose one-byte elements end early by id 15', () => {
    const bytes = [...header({ first: 0x90 }), 0xbe, 0xde, 0, 2, 0xf0, 9, 9, 9, 9, 9, 9, 9, 42];
    expect(payloadOf(bytes)).toEqual([42]);
  });

  it('gives an empty payload for a packet of padding only', () => {
    expect(payloadOf([...header({ first: 0xa0 }), 0, 0, 0, 4])).toEqual([]);
  });

  it('works on a view into a larger buffer', () => {
    const buffer = new Uint8Array([9, 9, 9, ...header(), 42, 9]);
    const parsed = parseRtpPacket(buffer.subarray(3, 16));
    expect(parsed.ok && [...parsed.packet.payload]).toEqual([42]);
  });

  it.each([
    ['nothing', [], 'tooShort'],
    ['11 bytes', header().slice(0, 11), 'tooShort'],
    ['version 1', header({ first: 0x40 }), 'badVersion'],
    ['version 3', header({ first: 0xc0 }), 'badVersion'],
    ['more CSRCs than bytes', [...header({ first: 0x8f }), 1, 2, 3, 4], 'csrcOverrun'],
    ['an extension header that is cut off', [...header({ first: 0x90 }), 0xbe, 0xde], 'extensionOverrun'],
    [
      'an extension longer than the packet',
      [...header({ first: 0x90 }), 0xbe, 0xde, 0xff, 0xff, 1],
      'extensionOverrun',
    ],
    ['a padding of 0', [...header({ first: 0xa0 }), 1, 0], 'badPadding'],
    ['a padding longer than the payload', [...header({ first: 0xa0 }), 1, 3], 'badPadding'],
    ['a padding byte that is part of the header', header({ first: 0xa0, ssrc: 1 }), 'badPadding'],
  ])('rejects %s', (_name, bytes, reason) => {
    expect(reasonOf(bytes)).toBe(reason);
  });

  it('never throws and never reaches outside of the datagram, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 1_500 }),
      // Right version, everything else free: reaches the later checks.
      fc.uint8Array({ minLength: 12, maxLength: 80 }).map((data) => {
        data[0] = 0x80 | ((data[0] ?? 0) & 0x3f);
        return data;
      }),
    );
    fc.assert(
      fc.property(bytes, (data) => {
        const parsed = parseRtpPacket(data);
        if (!parsed.ok) return;
        const { payload } = parsed.packet;
        expect(payload.byteOffset).toBeGreaterThanOrEqual(data.byteOffset + 12);
        expect(payload.byteOffset + payload.length).toBeLessThanOrEqual(data.byteOffset + data.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes no longer for a header that lies about its extension', () => {
    const hostile = new Uint8Array(1_500).fill(0x10);
    hostile.set(header({ first: 0x90 }));
    hostile.set([0xbe, 0xde, 0x3f, 0xff], 12);
    expect(parseRtpPacket(hostile)).toEqual({ ok: false, reason: 'extensionOverrun' });
  });
});

describe('isRtcp', () => {
  it('tells sender and receiver reports from Opus', () => {
    expect(isRtcp(Uint8Array.from([0x80, 200]))).toBe(true);
    expect(isRtcp(Uint8Array.from([0x80, 201]))).toBe(true);
    expect(isRtcp(Uint8Array.from([0x80, 192]))).toBe(true);
    expect(isRtcp(Uint8Array.from([0x80, 223]))).toBe(true);
    expect(isRtcp(Uint8Array.from([0x80, 111]))).toBe(false);
    expect(isRtcp(Uint8Array.from([0x80, 0x80 | 111]))).toBe(false);
    expect(isRtcp(Uint8Array.from([0x80, 63]))).toBe(false);
    expect(isRtcp(Uint8Array.from([0x80, 96]))).toBe(false);
    expect(isRtcp(Uint8Array.from([0x80]))).toBe(false);
  });
});
