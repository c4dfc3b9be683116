import { EmscriptenWebp } from './emscripten-webp.ts'
import type { ImageCodecs, RgbaDecoder } from './image-codecs.ts'
import { undecodable } from './image-problems.ts'
import { PngDecoder } from './png-decoder.ts'
import type { PngHeader } from './png-header.ts'
import { ReplaceableCodec } from './replaceable-codec.ts'
import { TurboJpeg } from './turbo-jpeg.ts'

/**
 * Compiled modules. A Worker imports them statically, Node compiles the files:
 * - jpeg: `@cwasm/jpeg-turbo/jpeg-turbo.wasm`
 * - png: `edge/image/png-decoder.wasm`, our own (assembly/png)
 * - webp: `@jsquash/webp/codec/dec/webp_dec.wasm`
 */
export interface CodecModules {
  readonly jpeg: WebAssembly.Module
  readonly png: WebAssembly.Module
  readonly webp: WebAssembly.Module
}

/** The codecs, and how many bytes of memory their instances hold (0 before first use). */
export interface WasmCodecs extends ImageCodecs {
  memoryBytes(): { jpeg: number; png: number; webp: number }
}

/** Decoders that start on first use. Call once per isolate. */
export function createWasmCodecs(modules: CodecModules): WasmCodecs {
  const jpeg = new ReplaceableCodec(() => new TurboJpeg(modules.jpeg))
  const png = new ReplaceableCodec(() => new PngDecoder(modules.png))
  const webp = new ReplaceableCodec(() => new EmscriptenWebp(modules.webp))
  return {
    jpeg: {
      decode(bytes, header, eighths, use) {
        const image = jpeg.run((decoder) => decoder.decode(bytes, header, eighths))
        const spanX = (header.width * eighths) / 8
        const spanY = (header.height * eighths) / 8
        return useAndFree({ ...image, spanX, spanY }, use)
      },
    },
    png: {
      decode(bytes, header, use) {
        if (header.type !== 'png') throw undecodable('The image contradicts its header.')
        const data = png.run((decoder) => collectRows(decoder, bytes, header))
        const { width, height } = header
        return use({ data, width, height, spanX: width, spanY: height })
      },
    },
    webp: rgbaDecoder((bytes) => {
      const image = webp.run((decoder) => decoder.decode(bytes))
      return { ...image, free: () => {} }
    }),
    memoryBytes: () => ({ jpeg: jpeg.memoryBytes, png: png.memoryBytes, webp: webp.memoryBytes }),
  }
}

function collectRows(decoder: PngDecoder, bytes: Uint8Array, header: PngHeader): Uint8Array {
  const pixels = new Uint8Array(header.width * header.height * 4)
  let filled = 0
  decoder.decode(bytes, header, (rows) => {
    pixels.set(rows, filled)
    filled += rows.length
  })
  return pixels
}

interface DecodedRgba {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
  free(): void
}

function rgbaDecoder(decodeRgba: (bytes: Uint8Array) => DecodedRgba): RgbaDecoder {
  return {
    decode(bytes, header, use) {
      const image = decodeRgba(bytes)
      const { width, height, data } = image
      const agrees = width === header.width && height === header.height && data.length === width * height * 4
      return useAndFree({ ...image, spanX: width, spanY: height }, (rgba) => {
        if (!agrees) throw undecodable('The image contradicts its header.')
        return use(rgba)
      })
    },
  }
}

function useAndFree<Image extends { free(): void }, T>(image: Image, use: (image: Image) => T): T {
  try {
    return use(image)
  } finally {
    image.free()
  }
}
