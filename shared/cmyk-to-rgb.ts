/**
 * CMYK pixels to RGBX, in place, without a colour profile: what is left of white after black and after the colour.
 * `inverted` is how Adobe stores them: 255 means no ink.
 */
export function cmykToRgbx(pixels: Uint8Array, inverted: boolean): void {
  const flip = inverted ? 0 : 255
  for (let i = 0; i < pixels.length; i += 4) {
    const black = (pixels[i + 3] as number) ^ flip
    for (let channel = i; channel < i + 3; channel++) {
      pixels[channel] = Math.round((((pixels[channel] as number) ^ flip) * black) / 255)
    }
  }
}
