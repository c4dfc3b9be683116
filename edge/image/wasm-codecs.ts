import { decodeGif } from './gif/gif-decoder.ts'
import type { ImageCodecs } from './image-codecs.ts'
import { Libjpeg } from './jpeg/libjpeg.ts'
import { PngDecoder } from './png/png-decoder.ts'
import { ReplaceableCodec } from './replaceable-codec.ts'
import { Resizer } from './resize/resizer.ts'
import { LibWebp } from './webp/libwebp.ts'

/**
 * Compiled modules. A Worker imports them statically, Node compiles the files:
 * - jpeg: `edge/image/jpeg/libjpeg/libjpeg.wasm`
 * - png: `edge/image/png/png-decoder.wasm`
 * - webp: `edge/image/webp/libwebp/libwebp.wasm`
 * - resizer: `edge/image/resize/resizer.wasm`
 */
export interface CodecModules {
  readonly jpeg: WebAssembly.Module
  readonly png: WebAssembly.Module
  readonly webp: WebAssembly.Module
  readonly resizer: WebAssembly.Module
}

/** The codecs, and how many bytes of memory their instances hold (0 before first use). */
export interface WasmCodecs extends ImageCodecs {
  memoryBytes(): { jpeg: number; png: number; webp: number; resizer: number }
}

/** Instances that start on first use. Call once per isolate. */
export function createWasmCodecs(modules: CodecModules): WasmCodecs {
  const jpeg = new ReplaceableCodec(() => new Libjpeg(modules.jpeg))
  const png = new ReplaceableCodec(() => new PngDecoder(modules.png))
  const webp = new ReplaceableCodec(() => new LibWebp(modules.webp))
  const resizer = new ReplaceableCodec(() => new Resizer(modules.resizer))
  return {
    jpeg: {
      decode: (bytes, header, eighths, truncated, sink) =>
        jpeg.run((decoder) => decoder.decode(bytes, header, eighths, truncated, sink)),
    },
    png: {
      decode: (bytes, header, sink) => png.run((decoder) => decoder.decode(bytes, header, sink)),
    },
    webp: {
      decode: (bytes, header, sink) => webp.run((decoder) => decoder.decode(bytes, header, sink)),
    },
    gif: { decode: decodeGif },
    resizer: { resample: (...picture) => resizer.run((instance) => instance.resample(...picture)) },
    memoryBytes: () => ({
      jpeg: jpeg.memoryBytes,
      png: png.memoryBytes,
      webp: webp.memoryBytes,
      resizer: resizer.memoryBytes,
    }),
  }
}
