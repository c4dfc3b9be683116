/** A GIF as it shall be written; nothing is checked, so that tests can write what no encoder would. */
export interface GifRecipe {
  readonly width: number
  readonly height: number
  /** RGB, 3 bytes an entry; its number of entries is a power of two, 2 to 256. */
  readonly palette?: Uint8Array
  readonly frames: readonly GifFrameRecipe[]
}

export interface GifFrameRecipe {
  readonly left?: number
  readonly top?: number
  readonly width: number
  readonly height: number
  /** Palette indices, row by row from the top; stored in another order if `interlaced`. */
  readonly pixels: Uint8Array
  readonly palette?: Uint8Array
  readonly interlaced?: boolean
  readonly transparentIndex?: number
  /** Unless given, as many bits as the palette's indices take, and 2 at least. */
  readonly minCodeSize?: number
  /** When the encoder's 4,096 codes are used up, it goes on with those. Otherwise it starts anew. */
  readonly deferredClear?: boolean
  /** Bytes in each sub-block but the last, 1 to 255. */
  readonly subBlockBytes?: number
}

const MAX_CODES = 4096
const TRAILER = 0x3b

export function writeGif(recipe: GifRecipe): Uint8Array {
  return Buffer.concat([
    Buffer.from('GIF89a', 'latin1'),
    uint16s(recipe.width, recipe.height),
    Uint8Array.of(paletteFlags(recipe.palette), 0, 0),
    recipe.palette ?? new Uint8Array(),
    ...recipe.frames.flatMap((frame) => frameBlocks(frame, recipe.palette)),
    Uint8Array.of(TRAILER),
  ])
}

function frameBlocks(frame: GifFrameRecipe, globalPalette: Uint8Array | undefined): Uint8Array[] {
  const { left = 0, top = 0, width, height, palette, interlaced = false, transparentIndex } = frame
  const entries = (palette ?? globalPalette ?? new Uint8Array(6)).length / 3
  const minCodeSize = frame.minCodeSize ?? Math.max(2, Math.ceil(Math.log2(entries)))
  const pixels = interlaced ? interlacedRows(frame.pixels, width, height) : frame.pixels
  const control =
    transparentIndex === undefined ? [] : [Uint8Array.of(0x21, 0xf9, 4, 1, 0, 0, transparentIndex, 0)]
  return [
    ...control,
    Uint8Array.of(0x2c),
    uint16s(left, top, width, height),
    Uint8Array.of(paletteFlags(palette) | (interlaced ? 0x40 : 0)),
    palette ?? new Uint8Array(),
    Uint8Array.of(minCodeSize),
    gifSubBlocks(lzw(pixels, minCodeSize, frame.deferredClear ?? false), frame.subBlockBytes),
  ]
}

/** Bit 7 says that there is a palette, bits 0 to 2 that it has 2 ** (bits + 1) entries. */
function paletteFlags(palette: Uint8Array | undefined): number {
  return palette === undefined ? 0 : 0x80 | (Math.log2(palette.length / 3) - 1)
}

/** Cut into sub-blocks with their lengths, and the empty one that ends them. */
export function gifSubBlocks(data: Uint8Array, size = 255): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let at = 0; at < data.length; at += size) {
    const block = data.subarray(at, at + size)
    blocks.push(Uint8Array.of(block.length), block)
  }
  return Buffer.concat([...blocks, Uint8Array.of(0)])
}

function interlacedRows(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const rows: Uint8Array[] = []
  for (const [first, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    for (let y = first; y < height; y += step) rows.push(pixels.subarray(y * width, (y + 1) * width))
  }
  return Buffer.concat(rows)
}

function lzw(pixels: Uint8Array, minCodeSize: number, deferredClear: boolean): Uint8Array {
  const encoder = new LzwEncoder(minCodeSize)
  encoder.clear()
  let [prefix] = pixels
  for (const pixel of pixels.subarray(1)) {
    const longer = (prefix ?? 0) * 256 + pixel
    const known = encoder.codeOf(longer)
    if (known === undefined) {
      encoder.emit(prefix ?? 0, longer)
      if (encoder.isFull && !deferredClear) encoder.clear()
    }
    prefix = known ?? pixel
  }
  if (prefix !== undefined) encoder.emit(prefix)
  return encoder.finish()
}

/** Strings are keyed by the code of all but their last byte, times 256, plus that byte. */
class LzwEncoder {
  readonly #minCodeSize: number
  readonly #packer = new CodePacker()
  readonly #codes = new Map<number, number>()
  #next = 0
  #bits: number

  constructor(minCodeSize: number) {
    this.#minCodeSize = minCodeSize
    this.#bits = minCodeSize + 1
  }

  get isFull(): boolean {
    return this.#next === MAX_CODES
  }

  codeOf(key: number): number | undefined {
    return this.#codes.get(key)
  }

  clear(): void {
    this.#packer.push(1 << this.#minCodeSize, this.#bits)
    this.#codes.clear()
    this.#next = (1 << this.#minCodeSize) + 2
    this.#bits = this.#minCodeSize + 1
  }

  /** After each code a decoder expects a new string, so that codes get wider even where nothing is to be defined. */
  emit(code: number, newKey?: number): void {
    this.#packer.push(code, this.#bits)
    if (this.isFull) return
    if (this.#next === 1 << this.#bits) this.#bits++
    if (newKey !== undefined) this.#codes.set(newKey, this.#next++)
  }

  finish(): Uint8Array {
    this.#packer.push((1 << this.#minCodeSize) + 1, this.#bits)
    return this.#packer.bytes()
  }
}

/** Codes of varying width, the lowest bit first. */
export class CodePacker {
  readonly #bytes: number[] = []
  #buffer = 0
  #held = 0

  push(code: number, bits: number): void {
    this.#buffer |= code << this.#held
    this.#held += bits
    for (; this.#held >= 8; this.#held -= 8, this.#buffer >>>= 8) this.#bytes.push(this.#buffer & 255)
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#held > 0 ? [...this.#bytes, this.#buffer] : this.#bytes)
  }
}

function uint16s(...values: number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value & 255, value >> 8]))
}
