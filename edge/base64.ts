/** Bytes a call to String.fromCharCode takes at once: below every engine's limit on arguments; a multiple of 3, so that pieces join. */
const PIECE = 24_573

/** Base64 with padding. Uses the engine's own encoder where it has one (workerd), which is ten times as fast. */
export function toBase64(bytes: Uint8Array & { toBase64?: () => string }): string {
  if (bytes.toBase64) return bytes.toBase64()
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE)))
  }
  return text
}
