/**
 * Lays RGBA pixels on black, in place. Black is what sharp's `flatten()` takes by default, and what the bars of
 * `contain` are; done before resampling, so that the hidden colour of transparent pixels never bleeds into others.
 */
export function flattenOntoBlack(rgba: Uint8Array | Uint8ClampedArray): void {
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3] as number
    if (alpha === 255) continue
    for (let channel = i; channel < i + 3; channel++) {
      rgba[channel] = Math.round(((rgba[channel] as number) * alpha) / 255)
    }
  }
}
