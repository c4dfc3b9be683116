import type { PngHeader } from './png-header.ts'

/** Tables, input and window, as assembly/layout.ts and picture.ts have them. */
const WINDOW_ADDRESS = 0x21000
const HISTORY_BYTES = 32768
const WINDOW_MARGIN = 1024
const ROW_MARGIN = 64
const ALIGNMENT = 64
const CHUNK_BYTES = 64 * 1024
const STRIP_BYTES = 64 * 1024
const PAGE_BYTES = 65536

const CHANNELS: Record<PngHeader['colourType'], number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/**
 * Bytes of WebAssembly memory that decoding takes, whatever the file's size: some 0.4 MB, for very wide pictures a few rows
 * more, and the whole picture (4 bytes a pixel) if it is interlaced. The instance keeps what its largest picture took.
 */
export function pngDecoderBytes(header: PngHeader): number {
  const rgbaRow = header.width * 4
  const filteredRow = filteredRowBytes(header)
  const isDirect = header.bitDepth === 8 && (header.colourType === 2 || header.colourType === 6)
  const plainRow = Math.max(filteredRow, isDirect ? rgbaRow : 0) + ROW_MARGIN
  const stripRows = Math.max(1, Math.min(header.height, Math.floor(STRIP_BYTES / rgbaRow)))
  const window = HISTORY_BYTES + Math.max(CHUNK_BYTES, filteredRow + 1) + WINDOW_MARGIN
  const spareRow = aligned(aligned(aligned(WINDOW_ADDRESS + window) + plainRow) + plainRow)
  const strip = spareRow + rgbaRow + ROW_MARGIN
  const end = strip + rgbaRow * (header.interlaced ? header.height : stripRows) + ROW_MARGIN
  return Math.ceil(end / PAGE_BYTES) * PAGE_BYTES
}

function filteredRowBytes(header: PngHeader): number {
  return Math.ceil((header.width * CHANNELS[header.colourType] * header.bitDepth) / 8)
}

function aligned(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT
}
