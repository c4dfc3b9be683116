const EOI = 0xd9

/**
 * Whether the end-of-image marker follows the scans. libjpeg fills what a cut-off file lacks with grey and only warns;
 * it warns as well about stray bytes that many cameras leave, which harm nothing. This tells the two apart.
 * `scanOffset` is the offset after the first scan's marker.
 */
export function reachesEndOfImage(bytes: Uint8Array, scanOffset: number): boolean {
  let offset = scanOffset + segmentLength(bytes, scanOffset)
  for (;;) {
    const at = bytes.indexOf(0xff, offset)
    const code = at < 0 ? undefined : bytes[at + 1]
    if (code === undefined) return false
    if (code === EOI) return true
    if (code === 0xff) offset = at + 1
    else if (isWithinScan(code)) offset = at + 2
    else offset = at + 2 + segmentLength(bytes, at + 2)
  }
}

/** FF 00 is a stuffed FF, FF D0 to D7 are restart markers; FF 01 to FF 02 carry no length. */
function isWithinScan(code: number): boolean {
  return code <= 0x02 || (code >= 0xd0 && code <= 0xd8)
}

function segmentLength(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}
