import { undecodable } from '../../shared/image-problems.ts'
import type { CodecInstance } from './replaceable-codec.ts'

/** What `@jsquash/png/codec/pkg/squoosh_png_bg.wasm` (the `png` crate, bound with wasm-bindgen) exports. */
interface RustPngExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  decode(input: number, inputBytes: number): number
  __wbindgen_malloc(bytes: number, alignment: number): number
  __wbindgen_free(pointer: number, bytes: number, alignment: number): void
}

/** RGBA pixels in the instance's memory; `free` gives it back. */
export interface DecodedPng {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  free(): void
}

interface Handover {
  readonly pointer: number
  readonly length: number
  readonly width: number
  readonly height: number
}

/**
 * Drives the WASM without the package's own JavaScript, which keeps its one instance for good (after a panic nothing
 * decodes any more) and wants a global `ImageData`. Here the pixels are read where the decoder left them.
 */
export class RustPng implements CodecInstance {
  readonly #wasm: RustPngExports
  #handover: Handover | undefined

  constructor(module: WebAssembly.Module) {
    const instance = new WebAssembly.Instance(module, { wbg: this.#imports(module) })
    this.#wasm = instance.exports as unknown as RustPngExports
  }

  get memoryBytes(): number {
    return this.#wasm.memory.buffer.byteLength
  }

  /** Throws for whatever the decoder does not like; the instance is then unusable (it panics, without unwinding). */
  decode(bytes: Uint8Array): DecodedPng {
    const input = this.#wasm.__wbindgen_malloc(bytes.length, 1) >>> 0
    new Uint8Array(this.#wasm.memory.buffer, input, bytes.length).set(bytes)
    this.#handover = undefined
    this.#wasm.decode(input, bytes.length)
    const pixels: Handover | undefined = this.#handover
    if (pixels === undefined) throw undecodable('The PNG holds no picture.')
    const { pointer, length, width, height } = pixels
    return {
      data: new Uint8Array(this.#wasm.memory.buffer, pointer, length),
      width,
      height,
      free: () => this.#wasm.__wbindgen_free(pointer, length, 1),
    }
  }

  /**
   * wasm-bindgen appends a hash to each name. `new ImageData(pixels, width, height)` is the one that matters: it takes
   * over the pixels. The others pass JavaScript values around as handles, of which we have none.
   */
  #imports(module: WebAssembly.Module): Record<string, (...values: number[]) => number> {
    const takePixels = (pointer = 0, length = 0, width = 0, height = 0) => {
      this.#handover = {
        pointer: pointer >>> 0,
        length: length >>> 0,
        width: width >>> 0,
        height: height >>> 0,
      }
      return 0
    }
    const panic = () => {
      throw new Error('the PNG decoder panicked')
    }
    const implement = (name: string) => {
      if (name.startsWith('__wbg_newwithownedu8clampedarrayandsh')) return takePixels
      return name === '__wbindgen_object_drop_ref' ? () => 0 : panic
    }
    return Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, implement(name)]))
  }
}
