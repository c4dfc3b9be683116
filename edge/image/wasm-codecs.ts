import type { ImageCodecs, RgbaDecoder } from './image-codecs.ts'
import { undecodable } from './image-problems.ts'
import { LibWebp } from './libwebp.ts'
import type { PngHeader } from './png-header.ts'
import { ReplaceableCodec } from './replaceable-codec.ts'
import { RustPng } from './rust-png.ts'
import { TurboJpeg } from './turbo-jpeg.ts'

/**
 * Compiled modules. A Worker imports them statically, Node compiles the files:
 * - jpeg: `@cwasm/jpeg-turbo/jpeg-turbo.wasm`
 * - png: `@jsquash/png/codec/pkg/squoosh_png_bg.wasm`
 * - webp: `edge/image/libwebp/libwebp.wasm`
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
  const png = new ReplaceableCodec(() => new RustPng(modules.png))
  const webp = new ReplaceableCodec(() => new LibWebp(modules.webp))
  return {
    jpeg: {
      decode(bytes, header, eighths, use) {
        const image = jpeg.run((decoder) => decoder.decode(bytes, header, eighths))
        const spanX = (header.width * eighths) / 8
        const spanY = (header.height * eighths) / 8
        return useAndFree({ ...image, spanX, spanY }, use)
      },
    },
    png: rgbaDecoder((bytes) => png.run((decoder) => decoder.decode(bytes))),
    webp: {
      decode(bytes, header, use) {
        const { width, height } = header
        const data = new Uint8Array(width * height * 4)
        let filled = 0
        webp.run((decoder) =>
          decoder.decode(bytes, header, (rows) => {
            data.set(rows, filled)
            filled += rows.length
          }),
        )
        return use({ data, width, height, spanX: width, spanY: height })
      },
    },
    memoryBytes: () => ({ jpeg: jpeg.memoryBytes, png: png.memoryBytes, webp: webp.memoryBytes }),
  }
}

interface DecodedRgba {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
  free(): void
}

function rgbaDecoder(decodeRgba: (bytes: Uint8Array) => DecodedRgba): RgbaDecoder<PngHeader> {
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
