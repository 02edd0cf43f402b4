/** IEEE 754 binary16, as bits. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Every half as a 32-bit float. */
const HALVES: Float32Array = Float32Array.from({ length: 0x1_0000 }, (_, half) => floatOf(half));

/** @param half 16 bits */
export function halfToFloat(half: number): number {
  return HALVES[half] ?? 0;
}

function floatOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1_024) * 2 ** (exponent - 15);
}

/** Rounded to the nearest, ties to even. @returns 16 bits */
export function floatToHalf(value: number): number {
  float[0] = value;
  const word = bits[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const fraction = word & 0x7f_ffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  if (exponent > 142) return sign | 0x7c00;
  if (exponent < 102) return sign;
  // Below 2^-14 halves have fewer bits: the leading one is shifted out of its place.
  const shift = exponent < 113 ? 126 - exponent : 13;
  const mantissa = exponent < 113 ? fraction | 0x80_0000 : fraction;
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  const up = rest > tie || (rest === tie && (kept & 1) === 1) ? 1 : 0;
  // A carry runs into the exponent, which is right.
  return sign | (((exponent < 113 ? 0 : (exponent - 112) << 10) | kept) + up);
}
