/** What `@cwasm/jpeg-turbo/jpeg-turbo.wasm` (libjpeg-turbo 2.0, TurboJPEG API) exports. Pointers are byte offsets. */
export interface TurboJpegWasm {
  readonly memory: { readonly buffer: ArrayBuffer }
  malloc(bytes: number): number
  free(pointer: number): void
  tjInitDecompress(): number
  tjDestroy(handle: number): number
  tjDecompressHeader3(
    handle: number,
    input: number,
    inputBytes: number,
    widthOut: number,
    heightOut: number,
    subsamplingOut: number,
    colourSpaceOut: number,
  ): number
  tjDecompress2(
    handle: number,
    input: number,
    inputBytes: number,
    output: number,
    width: number,
    pitch: number,
    height: number,
    pixelFormat: number,
    flags: number,
  ): number
}

/** libjpeg gave up on a file. Its memory is in order, as after any longjmp: the handle can be destroyed. */
export class LibjpegError extends Error {
  override readonly name = 'LibjpegError'
}

export function instantiateTurboJpeg(module: WebAssembly.Module): TurboJpegWasm {
  const system = {
    /** No variables: writes their number and their length. */
    environ_sizes_get(count: number, bytes: number) {
      const view = new DataView(wasm.memory.buffer)
      view.setUint32(count, 0, true)
      view.setUint32(bytes, 0, true)
      return 0
    },
    environ_get: refuse,
    proc_exit: refuse,
    fd_close: refuse,
    fd_seek: refuse,
    fd_write: refuse,
  }
  const instance = new WebAssembly.Instance(module, { env: JUMPS, wasi_snapshot_preview1: system })
  const wasm = instance.exports as unknown as TurboJpegWasm
  return wasm
}

/** libjpeg leaves a failed call by longjmp; WASM offers setjmp's first return, and an exception for the way back. */
const JUMPS = {
  setjmp: () => 0,
  longjmp: () => {
    throw new LibjpegError('libjpeg reported a fatal error')
  },
}

function refuse(): never {
  throw new Error('the JPEG decoder called the operating system')
}
