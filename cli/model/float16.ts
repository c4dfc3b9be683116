const view = new DataView(new ArrayBuffer(4))

/** The nearest float16, as its 16 bits. Ties round to even. */
export function toHalf(value: number): number {
  view.setFloat32(0, value)
  const bits = view.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 0xff) - 127
  if (exponent === 128) return sign | 0x7c00 | (bits & 0x7fffff ? 0x200 : 0)
  if (exponent > 15) return sign | 0x7c00
  if (exponent < -25) return sign
  // Below 2^-14 halves have no implicit leading one, and lose a bit with each power of two.
  const dropped = exponent < -14 ? -1 - exponent : 13
  const mantissa = (bits & 0x7fffff) | 0x800000
  const kept = mantissa >>> dropped
  const rest = mantissa & ((1 << dropped) - 1)
  const middle = 1 << (dropped - 1)
  const roundUp = rest > middle || (rest === middle && (kept & 1) === 1) ? 1 : 0
  return sign + (exponent < -14 ? 0 : (exponent + 14) << 10) + kept + roundUp
}

export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}
