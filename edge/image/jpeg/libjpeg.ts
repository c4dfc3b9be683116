import { cmykToRgbx } from '../../../shared/cmyk-to-rgb.ts'
import { undecodable } from '../../../shared/image-problems.ts'
import type { PhotoRules } from '../../../shared/photo-decoder.ts'
import type { RowSink } from '../../../shared/pixels.ts'
import type { CodecInstance } from '../replaceable-codec.ts'
import type { JpegHeader } from './jpeg-header.ts'
import { type JpegScale, reducedLength } from './jpeg-scale.ts'

/** What `libjpeg.wasm` (built by `libjpeg/build.sh`) exports; `libjpeg/source/shim.c` says more. Pointers are offsets. */
interface LibjpegWasm {
  readonly memory: WebAssembly.Memory
  readonly __stack_pointer: WebAssembly.Global
  open(lenient: number): void
  width(): number
  height(): number
  isCmyk(): number
  start(eighths: number): void
  outputWidth(): number
  outputHeight(): number
  strip(): number
  readStrip(): number
}

/** Reasons of `failure.h`. */
const DETAILS = new Map([
  [1, 'The JPEG is damaged.'],
  [2, 'The JPEG is incomplete: its end is missing.'],
  [3, 'The JPEG takes too much memory to decode.'],
])

/** libjpeg gives a file up: unwinds its calls, whose frames are still on its stack. */
class LibjpegFailure extends Error {
  override readonly name = 'LibjpegFailure'
  readonly reason: number

  constructor(reason: number) {
    super(`libjpeg gave up for reason ${reason}`)
    this.reason = reason
  }
}

const NOTHING = new Uint8Array()

export class Libjpeg implements CodecInstance {
  readonly #wasm: LibjpegWasm
  readonly #emptyStack: number
  #input: Uint8Array = NOTHING
  #position = 0

  constructor(module: WebAssembly.Module) {
    const env = {
      read: (target: number, capacity: number) => this.#read(target, capacity),
      fail: (reason: number) => {
        throw new LibjpegFailure(reason)
      },
    }
    this.#wasm = new WebAssembly.Instance(module, { env }).exports as unknown as LibjpegWasm
    this.#emptyStack = this.#wasm.__stack_pointer.value
  }

  get memoryBytes(): number {
    return this.#wasm.memory.buffer.byteLength
  }

  /**
   * Hands the photo at `eighths` / 8 to `sink`, a strip of rows at a time, in RGBX. With `truncated: 'accept'`, what is
   * missing or damaged of the picture is grey or wrong; otherwise it throws ProblemError 'undecodable-image', maybe after
   * some strips. So it does, either way, for a file that libjpeg can make nothing of. The instance stays good for the next
   * photo, unless it throws something else.
   */
  decode(
    bytes: Uint8Array,
    header: JpegHeader,
    eighths: JpegScale,
    truncated: PhotoRules['decode']['truncated'],
    sink: RowSink,
  ): void {
    this.#input = bytes
    this.#position = 0
    try {
      this.#decode(header, eighths, truncated === 'accept', sink)
    } catch (error) {
      if (!(error instanceof LibjpegFailure)) throw error
      this.#wasm.__stack_pointer.value = this.#emptyStack
      throw undecodable(DETAILS.get(error.reason) ?? 'The JPEG is damaged.', error)
    } finally {
      this.#input = NOTHING
    }
  }

  #decode(header: JpegHeader, eighths: JpegScale, lenient: boolean, sink: RowSink): void {
    const wasm = this.#wasm
    wasm.open(lenient ? 1 : 0)
    // The limits have been held against the header's sides, before anything of that size is allocated.
    assertSame(wasm.width(), header.width)
    assertSame(wasm.height(), header.height)
    wasm.start(eighths)
    const width = reducedLength(header.width, eighths)
    assertSame(wasm.outputWidth(), width)
    assertSame(wasm.outputHeight(), reducedLength(header.height, eighths))
    for (let rows = wasm.readStrip(); rows > 0; rows = wasm.readStrip()) {
      const strip = new Uint8Array(wasm.memory.buffer, wasm.strip(), rows * width * 4)
      // 255 is no ink, as Adobe stores it: libvips takes all to be so, with Adobe's marker or without.
      if (wasm.isCmyk()) cmykToRgbx(strip, true)
      sink(strip)
    }
  }

  /** Feeds the file in pieces, so that it is never in the instance's memory as a whole. */
  #read(target: number, capacity: number): number {
    const piece = this.#input.subarray(this.#position, this.#position + capacity)
    new Uint8Array(this.#wasm.memory.buffer, target, piece.length).set(piece)
    this.#position += piece.length
    return piece.length
  }
}

function assertSame(found: number, expected: number): void {
  if (found >>> 0 !== expected) throw undecodable('The JPEG contradicts its header.')
}
