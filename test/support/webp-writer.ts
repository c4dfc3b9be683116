export interface AnimationFrame {
  left: number
  top: number
  width: number
  height: number
  /** A still WebP file of that size, whose chunks become the frame. */
  still: Uint8Array
}

/** An animation's file, after the container's specification; nothing is checked. */
export function writeAnimation(
  canvas: { width: number; height: number },
  frames: readonly AnimationFrame[],
): Buffer<ArrayBuffer> {
  const vp8x = [
    Buffer.from([ANIMATION | ALPHA, 0, 0, 0]),
    uint24(canvas.width - 1),
    uint24(canvas.height - 1),
  ]
  const anim = Buffer.from([...[10, 20, 30, 255], 0, 0])
  return writeWebp([chunk('VP8X', ...vp8x), chunk('ANIM', anim), ...frames.map(writeFrame)])
}

/** RIFF around chunks. */
export function writeWebp(chunks: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  return chunk('RIFF', Buffer.from('WEBP'), ...chunks)
}

export function chunk(name: string, ...content: Uint8Array[]): Buffer<ArrayBuffer> {
  const data = Buffer.concat(content)
  const header = Buffer.alloc(8)
  header.write(name, 'latin1')
  header.writeUInt32LE(data.length, 4)
  return Buffer.concat([header, data, Buffer.alloc(data.length % 2)])
}

const ANIMATION = 0x02
const ALPHA = 0x10

function writeFrame({ left, top, width, height, still }: AnimationFrame): Buffer {
  const numbers = [left / 2, top / 2, width - 1, height - 1, 100].map(uint24)
  return chunk('ANMF', ...numbers, Buffer.alloc(1), ...imageChunks(still))
}

/** The chunks of a still file that make up its picture, with their headers. */
export function imageChunks(still: Uint8Array): Buffer[] {
  const file = Buffer.from(still)
  const found: Buffer[] = []
  for (let at = 12; at < file.length; ) {
    const end = at + 8 + file.readUInt32LE(at + 4)
    const padded = end + (end % 2)
    if (/^(ALPH|VP8 |VP8L)$/.test(file.toString('latin1', at, at + 4))) found.push(file.subarray(at, padded))
    at = padded
  }
  return found
}

function uint24(value: number): Buffer {
  const bytes = Buffer.alloc(3)
  bytes.writeUIntLE(value, 0, 3)
  return bytes
}
