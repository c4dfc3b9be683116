import { crc32, deflateSync, type ZlibOptions } from 'node:zlib'

/** A PNG of any kind, written by the standard and not by a library that only knows some. */
export interface PngPlan {
  readonly width: number
  readonly height: number
  readonly bitDepth: number
  readonly colourType: 0 | 2 | 3 | 4 | 6
  readonly interlaced?: boolean
  /** 0 to 2^bitDepth - 1. */
  readonly sample: (x: number, y: number, channel: number) => number
  /** Of row `row` of a pass: 0 to 4; others are written as they are, over bytes filtered as by 0. */
  readonly filter?: (row: number) => number
  readonly palette?: readonly number[]
  readonly transparency?: readonly number[]
  readonly zlib?: ZlibOptions
  /** Instead of deflating. */
  readonly compress?: (filtered: Buffer) => Buffer
  /** Data bytes of each IDAT. */
  readonly idatBytes?: number
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

export function writePng(plan: PngPlan): Buffer {
  const filtered = filteredBytes(plan)
  const compressed = plan.compress ? plan.compress(filtered) : deflateSync(filtered, plan.zlib)
  return pngFile([
    chunk('IHDR', imageHeader(plan)),
    ...(plan.palette ? [chunk('PLTE', Buffer.from(plan.palette))] : []),
    ...(plan.transparency ? [chunk('tRNS', Buffer.from(plan.transparency))] : []),
    ...pixelChunks(compressed, plan.idatBytes),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

export function pngFile(chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([SIGNATURE, ...chunks])
}

export function chunk(name: string, data: Buffer): Buffer {
  const whole = Buffer.alloc(12 + data.length)
  whole.writeUInt32BE(data.length, 0)
  whole.write(name, 4, 'latin1')
  data.copy(whole, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, -4)), 8 + data.length)
  return whole
}

export function pixelChunks(compressed: Buffer, idatBytes = compressed.length): Buffer[] {
  const count = Math.max(1, Math.ceil(compressed.length / idatBytes))
  return Array.from({ length: count }, (_, i) =>
    chunk('IDAT', compressed.subarray(i * idatBytes, (i + 1) * idatBytes)),
  )
}

type ImageHeaderFields = Pick<PngPlan, 'width' | 'height' | 'bitDepth' | 'colourType' | 'interlaced'>

export function imageHeader({ width, height, bitDepth, colourType, interlaced }: ImageHeaderFields): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width, 0)
  data.writeUInt32BE(height, 4)
  data.set([bitDepth, colourType, 0, 0, interlaced ? 1 : 0], 8)
  return data
}

/** First column and row of each Adam7 pass, and the distances between its columns and rows. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** All rows, each with its filter's number in front: what is to be compressed. */
export function filteredBytes(plan: PngPlan): Buffer {
  const rows: Buffer[] = []
  for (const [x0, y0, stepX, stepY] of plan.interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const)) {
    let above: Buffer | undefined
    for (let y = y0, row = 0; x0 < plan.width && y < plan.height; y += stepY, row++) {
      const packed = packedRow(plan, x0, stepX, y)
      rows.push(filteredRow(plan, plan.filter?.(row) ?? 0, packed, above))
      above = packed
    }
  }
  return Buffer.concat(rows)
}

function packedRow({ width, bitDepth, colourType, sample }: PngPlan, x0: number, stepX: number, y: number) {
  const bits: number[] = []
  for (let x = x0; x < width; x += stepX) {
    for (let channel = 0; channel < CHANNELS[colourType]; channel++) {
      const value = sample(x, y, channel)
      for (let bit = bitDepth - 1; bit >= 0; bit--) bits.push((value >> bit) & 1)
    }
  }
  const packed = Buffer.alloc(Math.ceil(bits.length / 8))
  for (const [i, bit] of bits.entries()) packed[i >> 3] = (packed[i >> 3] ?? 0) | (bit << (7 - (i & 7)))
  return packed
}

function filteredRow(plan: PngPlan, filter: number, row: Buffer, above: Buffer | undefined): Buffer {
  const step = Math.max(1, (CHANNELS[plan.colourType] * plan.bitDepth) >> 3)
  const filtered = Buffer.alloc(row.length + 1)
  filtered[0] = filter
  for (let i = 0; i < row.length; i++) {
    const left = i < step ? 0 : (row[i - step] ?? 0)
    const up = above?.[i] ?? 0
    const corner = i < step ? 0 : (above?.[i - step] ?? 0)
    filtered[i + 1] = (row[i] ?? 0) - predicted(filter, left, up, corner)
  }
  return filtered
}

/** PNG 3rd ed., 9.2 to 9.4, word by word. */
function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return Math.floor((left + up) / 2)
  if (filter !== 4) return 0
  const p = left + up - corner
  const [toLeft, toUp, toCorner] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}
