import createModule from '@jsquash/webp/codec/dec/webp_dec.js'
import { undecodable } from '../../shared/image-problems.ts'
import type { CodecInstance } from './replaceable-codec.ts'
import { withGlobals } from './with-globals.ts'

/** RGBA pixels, in JavaScript's memory. */
export interface DecodedWebp {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** The part of Emscripten's module object that is used here. `decode` and `HEAPU8` appear while it starts. */
interface WebpModule {
  decode?: (bytes: Uint8Array) => DecodedWebp | null
  HEAPU8?: Uint8Array
}

/** Stands in for the browser's class, which neither Node nor workerd has and of which the decoder makes its result. */
class ImageData implements DecodedWebp {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number

  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data
    this.width = width
    this.height = height
  }
}

/**
 * `@jsquash/webp/codec/dec/webp_dec.wasm` (libwebp) with its Emscripten loader, but without the package's entry, which
 * keeps one instance for good. The loader looks things up on `globalThis` and, left alone, defines them there; it finds
 * what it wants for the length of each call.
 */
export class EmscriptenWebp implements CodecInstance {
  readonly #module: WebpModule

  constructor(module: WebAssembly.Module) {
    this.#module = withGlobals(LOADER_GLOBALS, () => startModule(module))
  }

  get memoryBytes(): number {
    return this.#module.HEAPU8?.byteLength ?? 0
  }

  /** Throws ProblemError, with the instance intact, for whatever libwebp refuses. */
  decode(bytes: Uint8Array): DecodedWebp {
    const image = withGlobals(LOADER_GLOBALS, () => this.#module.decode?.(bytes))
    if (!image) throw undecodable('The WebP is damaged or incomplete.')
    return image
  }
}

/** `location` is read by the loader's worker branch; workerd has none. */
const LOADER_GLOBALS = { ImageData, location: { href: '' } }

/** Starts within this call, because the instance is made from a compiled module; the promise says so a tick late. */
function startModule(compiled: WebAssembly.Module): WebpModule {
  const module: WebpModule & Record<string, unknown> = {
    noInitialRun: true,
    locateFile: (path: string) => path,
    printErr: () => {},
    instantiateWasm(imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(compiled, imports)
      receive(instance)
      return instance.exports
    },
  }
  const start = createModule as unknown as (overrides: object) => Promise<unknown>
  start(module).catch(() => {})
  if (module.decode === undefined) throw new Error('the WebP decoder did not start')
  return module
}
