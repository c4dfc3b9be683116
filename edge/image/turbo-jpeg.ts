import { cmykToRgbx } from '../../shared/cmyk-to-rgb.ts'
import { ProblemError } from '../../shared/errors.ts'
import { undecodable } from '../../shared/image-problems.ts'
import { reachesEndOfImage } from './jpeg-completeness.ts'
import type { JpegHeader } from './jpeg-header.ts'
import { reducedLength } from './jpeg-reduction.ts'
import type { CodecInstance } from './replaceable-codec.ts'
import { instantiateTurboJpeg, LibjpegError, type TurboJpegWasm } from './turbo-jpeg-wasm.ts'

/** From turbojpeg.h: pixel formats and colour spaces. */
const TJPF_RGBX = 2
const TJPF_CMYK = 11
const TJCS_CMYK = 3
const TJCS_YCCK = 4

/** Any value but 255, which libjpeg writes into the fourth byte of every RGBX pixel. */
const UNTOUCHED = 0xa5

/**
 * How often libjpeg may give up before the instance is replaced. Each time, the calls in progress leave their frames on
 * the WASM stack for good, since nothing exported takes them off: 420 bytes were measured, up to 2 KiB are possible. Of
 * the stack's 64 KiB, this leaves half for the next photo, which takes 1.5 KiB.
 */
const MAX_FATAL_ERRORS = 16

/** Decoded pixels in the instance's memory; `free` gives it back. */
export interface DecodedJpeg {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  free(): void
}

/** One file being decoded: TurboJPEG's handle and what else must be freed. */
interface Session {
  readonly handle: number
  readonly input: number
  readonly inputBytes: number
  readonly pointers: Set<number>
}

export class TurboJpeg implements CodecInstance {
  readonly #wasm: TurboJpegWasm
  #fatalErrors = 0

  constructor(module: WebAssembly.Module) {
    this.#wasm = instantiateTurboJpeg(module)
  }

  get memoryBytes(): number {
    return this.#wasm.memory.buffer.byteLength
  }

  /**
   * RGBX at `eighths` / 8. Throws ProblemError with everything freed; after any other throw the instance must not be used
   * again, so that there is nothing left to free.
   */
  decode(
    bytes: Uint8Array,
    header: JpegHeader,
    eighths: number,
    truncated: 'refuse' | 'accept',
  ): DecodedJpeg {
    const session = this.#open(bytes)
    try {
      const isCmyk = this.#confirmHeader(session, header)
      const { warned, output, ...image } = this.#decompress(session, header, eighths, isCmyk)
      if (warned && truncated === 'refuse' && !reachesEndOfImage(bytes, header.scanOffset)) {
        throw undecodable('The JPEG is incomplete: its end is missing.')
      }
      if (isCmyk) cmykToRgbx(image.data, header.adobe)
      session.pointers.delete(output)
      this.#close(session)
      return { ...image, free: () => this.#wasm.free(output) }
    } catch (error) {
      const isFatal = !(error instanceof ProblemError)
      if (isFatal && !(error instanceof LibjpegError && ++this.#fatalErrors < MAX_FATAL_ERRORS)) throw error
      this.#close(session)
      throw isFatal ? undecodable('The JPEG is damaged.', error) : error
    }
  }

  #open(bytes: Uint8Array): Session {
    const pointers = new Set<number>()
    const input = this.#allocate(bytes.length, pointers)
    new Uint8Array(this.#wasm.memory.buffer, input, bytes.length).set(bytes)
    const handle = this.#wasm.tjInitDecompress()
    if (handle === 0) throw new Error('tjInitDecompress failed')
    return { handle, input, inputBytes: bytes.length, pointers }
  }

  #close({ handle, pointers }: Session): void {
    this.#wasm.tjDestroy(handle)
    for (const pointer of pointers) this.#wasm.free(pointer)
  }

  /**
   * Makes sure that the decoder reads the sides that were held against the limits; returns whether the file is CMYK. The
   * call's own status is not asked: it fails for warnings and unusual subsampling too, which the decoder copes with.
   */
  #confirmHeader({ handle, input, inputBytes, pointers }: Session, header: JpegHeader): boolean {
    const out = this.#allocate(16, pointers)
    new Int32Array(this.#wasm.memory.buffer, out, 4).fill(-1)
    this.#wasm.tjDecompressHeader3(handle, input, inputBytes, out, out + 4, out + 8, out + 12)
    const [width, height, , colourSpace] = new Int32Array(this.#wasm.memory.buffer, out, 4)
    if (width !== header.width || height !== header.height) {
      throw undecodable('The JPEG contradicts its header.')
    }
    return colourSpace === TJCS_CMYK || colourSpace === TJCS_YCCK
  }

  #decompress(session: Session, header: JpegHeader, eighths: number, isCmyk: boolean) {
    const { handle, input, inputBytes, pointers } = session
    const width = reducedLength(header.width, eighths)
    const height = reducedLength(header.height, eighths)
    const pitch = width * 4
    const format = isCmyk ? TJPF_CMYK : TJPF_RGBX
    const output = this.#allocate(pitch * height, pointers)
    const lastRow = () => new Uint8Array(this.#wasm.memory.buffer, output + pitch * (height - 1), pitch)
    lastRow().fill(UNTOUCHED)
    const status = this.#wasm.tjDecompress2(
      handle,
      input,
      inputBytes,
      output,
      width,
      pitch,
      height,
      format,
      0,
    )
    const warned = status !== 0
    // -1 stands for a warning as well as for refused arguments; only after a warning has the last row been written.
    if (warned && lastRow().every((byte) => byte === UNTOUCHED)) {
      throw undecodable('The JPEG contradicts its header.')
    }
    const data = new Uint8Array(this.#wasm.memory.buffer, output, pitch * height)
    return { data, width, height, output, warned }
  }

  #allocate(bytes: number, pointers: Set<number>): number {
    const pointer = this.#wasm.malloc(bytes) >>> 0
    if (pointer === 0) throw new Error(`malloc of ${bytes} bytes failed`)
    pointers.add(pointer)
    return pointer
  }
}
