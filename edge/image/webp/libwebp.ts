import { ProblemError } from '../../../shared/errors.ts'
import { undecodable } from '../../../shared/image-problems.ts'
import type { CodecInstance } from '../replaceable-codec.ts'
import type { WebpHeader } from './webp-header.ts'

/** What `libwebp/libwebp.wasm` exports; `libwebp/source/decode-frame.c` says more. Pointers are byte offsets. */
interface LibwebpWasm {
  readonly memory: { readonly buffer: ArrayBuffer }
  _initialize(): void
  malloc(bytes: number): number
  free(pointer: number): void
  decode_frame(request: number): number
}

/** From webp/decode.h: VP8StatusCode. */
const STATUS_OK = 0
const STATUS_OUT_OF_MEMORY = 1

/** `Request` of decode-frame.c: 12 numbers of 32 bits. */
const REQUEST_BYTES = 48

/** One picture being decoded. */
interface Receiver {
  readonly sink: (rows: Uint8Array) => void
  readonly rowBytes: number
  rows: number
  /** What `sink` threw, if it did. */
  failure?: { readonly error: unknown }
}

/** libwebp, of which no more is used than its decoders for one frame. Its memory ends at 28 MiB. */
export class LibWebp implements CodecInstance {
  readonly #wasm: LibwebpWasm
  #receiver: Receiver | undefined

  constructor(module: WebAssembly.Module) {
    const env = {
      emit_rows: (rgba: number, rows: number) => this.#receive(rgba, rows),
      emscripten_notify_memory_growth: () => {},
    }
    this.#wasm = new WebAssembly.Instance(module, { env }).exports as unknown as LibwebpWasm
    this.#wasm._initialize()
  }

  get memoryBytes(): number {
    return this.#wasm.memory.buffer.byteLength
  }

  /**
   * Hands the picture's rows to `sink` before it returns, top to bottom, some whole rows a call: RGBA, alpha not
   * premultiplied. They lie in the instance's memory, and are gone after the call.
   *
   * Throws ProblemError with the instance intact: 'undecodable-image' for whatever libwebp refuses, 'image-too-large' if
   * it would take more memory than there is. What `sink` throws comes out too. After any other throw the instance must
   * not be used again.
   */
  decode(bytes: Uint8Array, header: WebpHeader, sink: (rows: Uint8Array) => void): void {
    const receiver: Receiver = { sink, rowBytes: header.width * 4, rows: 0 }
    const status = this.#run(this.#place(bytes, header), receiver)
    if (receiver.failure !== undefined) throw receiver.failure.error
    // libwebp says so of a malformed ALPH too.
    if (status === STATUS_OUT_OF_MEMORY && header.alphaPlane === undefined) throw tooMuchMemory()
    if (status !== STATUS_OK) throw undecodable('The WebP is damaged or incomplete.')
    if (receiver.rows !== header.height) throw new Error('libwebp returned fewer rows than the picture has')
  }

  #run(request: number, receiver: Receiver): number {
    this.#receiver = receiver
    try {
      const status = this.#wasm.decode_frame(request)
      this.#wasm.free(request)
      return status
    } finally {
      this.#receiver = undefined
    }
  }

  /** Puts the request and the chunks it points to into one block of memory; returns where that is. */
  #place(bytes: Uint8Array, header: WebpHeader): number {
    const { image, frame } = header
    const alphaPlane = header.alphaPlane ?? { start: 0, end: 0 }
    const imageBytes = image.end - image.start
    const alphaBytes = alphaPlane.end - alphaPlane.start
    const request = this.#wasm.malloc(REQUEST_BYTES + imageBytes + alphaBytes)
    if (request === 0) throw tooMuchMemory()
    const imageAt = request + REQUEST_BYTES
    const alphaAt = imageAt + imageBytes
    const memory = new Uint8Array(this.#wasm.memory.buffer)
    memory.set(bytes.subarray(image.start, image.end), imageAt)
    memory.set(bytes.subarray(alphaPlane.start, alphaPlane.end), alphaAt)
    const { lossless, alpha, width, height } = header
    const { left, top } = frame
    new Int32Array(this.#wasm.memory.buffer, request, REQUEST_BYTES / 4).set([
      ...[imageAt, imageBytes, header.alphaPlane === undefined ? 0 : alphaAt, alphaBytes],
      ...[Number(lossless), Number(alpha), width, height, left, top, frame.width, frame.height],
    ])
    return request
  }

  /** Called by libwebp. An exception would tear down its stack: what `sink` throws is kept until libwebp has returned. */
  #receive(rgba: number, rows: number): number {
    const receiver = this.#receiver
    if (receiver === undefined) return 0
    receiver.rows += rows
    try {
      receiver.sink(new Uint8Array(this.#wasm.memory.buffer, rgba, rows * receiver.rowBytes))
      return 1
    } catch (error) {
      receiver.failure = { error }
      return 0
    }
  }
}

function tooMuchMemory(): ProblemError {
  return new ProblemError('image-too-large', 'The WebP takes more memory to decode than there is.')
}
