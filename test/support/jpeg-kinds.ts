import type { JpegRecipe } from './jpeg-writer.ts'

const CHROMA = [1, 1] as const
export const SAMPLINGS: Readonly<Record<string, JpegRecipe['sampling']>> = {
  grey: [[1, 1]],
  'grey with factors 2 x 2': [[2, 2]],
  '4:4:4': [[1, 1], CHROMA, CHROMA],
  '4:2:2': [[2, 1], CHROMA, CHROMA],
  '4:4:0': [[1, 2], CHROMA, CHROMA],
  '4:2:0': [[2, 2], CHROMA, CHROMA],
  '4:1:1': [[4, 1], CHROMA, CHROMA],
  '4:1:0': [[4, 2], CHROMA, CHROMA],
  'unequal chroma': [
    [2, 2],
    [2, 1],
    [1, 2],
  ],
}
/** What `writeJpeg` can be told but for size and seed: a recipe of each kind that is decoded. */
export const JPEG_KINDS: Readonly<Record<string, Omit<JpegRecipe, 'width' | 'height' | 'seed'>>> = {
  ...Object.fromEntries(Object.entries(SAMPLINGS).map(([name, sampling]) => [name, { sampling }])),
  RGB: { sampling: [CHROMA, CHROMA, CHROMA], adobeTransform: 0 },
  CMYK: { sampling: [CHROMA, CHROMA, CHROMA, CHROMA], adobeTransform: 0 },
  'CMYK without a marker': { sampling: [CHROMA, CHROMA, CHROMA, CHROMA] },
  YCCK: { sampling: [CHROMA, CHROMA, CHROMA, CHROMA], adobeTransform: 2 },
  'YCCK 4:2:0': { sampling: [[2, 2], CHROMA, CHROMA, [2, 2]], adobeTransform: 2 },
}
