import type { LibWebp } from '../../edge/image/webp/libwebp.ts'
import { readWebpHeader } from '../../edge/image/webp/webp-header.ts'

/** The whole picture as RGBA. Throws where rows are not whole, too many or too few. */
export function decodedWebp(decoder: LibWebp, file: Uint8Array): Buffer {
  const header = readWebpHeader(file)
  const pixels = Buffer.alloc(header.width * header.height * 4)
  let filled = 0
  decoder.decode(file, header, (rows) => {
    if (rows.length === 0 || rows.length % (header.width * 4) !== 0) throw new Error('not whole rows')
    pixels.set(rows, filled)
    filled += rows.length
  })
  if (filled !== pixels.length) throw new Error(`${filled} bytes instead of ${pixels.length}`)
  return pixels
}
