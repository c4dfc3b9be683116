import { undecodable } from '../../../shared/image-problems.ts'
import type { CodecInstance } from '../replaceable-codec.ts'
import { sampleColours, transparentColour } from './png-colours.ts'
import { CHUNK_FRAME_BYTES, type PngHeader } from './png-header.ts'

/** What `png-decoder.wasm` exports; assembly/index.ts says how to use it. */
interface PngExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly PALETTE: { readonly value: number }
  readonly PIECE_BYTES: { readonly value: number }
  begin(
    width: number,
    height: number,
    colourType: number,
    depth: number,
    interlaced: number,
    key: bigint,
  ): number
  makeRoom(): number
  addPiece(bytes: number, isLast: number): void
  decodeRows(): number
  rowsAddress(): number
}

/** From assembly/outcome.ts. */
const TRUNCATED = -2

/** Chunk length and name, which stand before the data. */
const CHUNK_START_BYTES = 8

/** Drives the decoder of assembly/: cuts the compressed bytes out of their chunks, and hands out the rows. */
export class PngDecoder implements CodecInstance {
  readonly #wasm: PngExports

  constructor(module: WebAssembly.Module) {
    this.#wasm = new WebAssembly.Instance(module).exports as unknown as PngExports
  }

  get memoryBytes(): number {
    return this.#wasm.memory.buffer.byteLength
  }

  /**
   * Hands all rows to `sink`, from top to bottom, several at a time (all at once if the picture is interlaced): RGBA, 8
   * bits a channel, alpha not premultiplied, without gaps. They live in the decoder's memory and are gone when `sink`
   * returns. EXIF is not applied.
   *
   * `header` is what readPngHeader says of `bytes`; limits are to be checked before (png-memory.ts). Time is bounded by the
   * header's pixels and the file's bytes, whatever the file inflates to. Checksums are not looked at, nor is what follows
   * the last row. Throws ProblemError 'undecodable-image', possibly after some rows, with the instance intact.
   */
  decode(bytes: Uint8Array, header: PngHeader, sink: (rows: Uint8Array) => void): void {
    const wasm = this.#wasm
    this.#begin(bytes, header)
    const memory = new Uint8Array(wasm.memory.buffer)
    const compressed = new CompressedBytes(bytes, header)
    for (let rows = 0; rows < header.height; ) {
      const more = wasm.decodeRows()
      if (more < 0) throw problem(more)
      if (more > 0) {
        const address = wasm.rowsAddress()
        sink(memory.subarray(address, address + more * header.width * 4))
        rows += more
      } else {
        const room = wasm.makeRoom()
        const copied = compressed.copyTo(memory.subarray(room, room + wasm.PIECE_BYTES.value))
        wasm.addPiece(copied, compressed.isAtEnd ? 1 : 0)
      }
    }
  }

  #begin(bytes: Uint8Array, header: PngHeader): void {
    const { width, height, colourType, bitDepth, interlaced } = header
    if (width < 1 || height < 1) throw undecodable('The image has no pixels.')
    const key = transparentColour(bytes, header)
    const outcome = this.#wasm.begin(width, height, colourType, bitDepth, interlaced ? 1 : 0, key)
    if (outcome < 0) throw new Error('no memory for the PNG decoder')
    const colours = sampleColours(bytes, header)
    const { memory, PALETTE } = this.#wasm
    if (colours !== undefined) new Uint32Array(memory.buffer, PALETTE.value, colours.length).set(colours)
  }
}

function problem(outcome: number): Error {
  return outcome === TRUNCATED
    ? undecodable('The PNG is incomplete: its pixels end early.')
    : undecodable('The PNG is damaged.')
}

/** The data of the IDAT chunks, one after the other. */
class CompressedBytes {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  /** The next chunk, and what is left of the data of the one before. */
  #chunk: number
  #at = 0
  #dataEnd = 0

  constructor(bytes: Uint8Array, header: PngHeader) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#chunk = header.pixels.start
    this.#end = header.pixels.end
  }

  get isAtEnd(): boolean {
    return this.#at === this.#dataEnd && this.#chunk >= this.#end
  }

  /** Fills `target`, from as many chunks as it takes, or copies all that is left. Returns how many bytes. */
  copyTo(target: Uint8Array): number {
    let copied = 0
    while (copied < target.length && !this.isAtEnd) {
      if (this.#at === this.#dataEnd) this.#enterChunk()
      const part = this.#bytes.subarray(this.#at, Math.min(this.#dataEnd, this.#at + target.length - copied))
      target.set(part, copied)
      copied += part.length
      this.#at += part.length
    }
    return copied
  }

  #enterChunk(): void {
    const length = this.#view.getUint32(this.#chunk)
    this.#at = this.#chunk + CHUNK_START_BYTES
    this.#dataEnd = this.#at + length
    this.#chunk += CHUNK_FRAME_BYTES + length
  }
}
