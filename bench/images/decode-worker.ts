import * as z from 'zod'
import libjpeg from '../../edge/image/jpeg/libjpeg/libjpeg.wasm'
import { photoToTensor } from '../../edge/image/photo-to-tensor.ts'
import pngDecoder from '../../edge/image/png/png-decoder.wasm'
import resizer from '../../edge/image/resize/resizer.wasm'
import { createWasmCodecs } from '../../edge/image/wasm-codecs.ts'
import libwebp from '../../edge/image/webp/libwebp/libwebp.wasm'
import { decodeSchema, resizeSchema } from '../../shared/model-manifest.ts'

const rulesSchema = z.object({ resize: resizeSchema, decode: decodeSchema })
const codecs = createWasmCodecs({ jpeg: libjpeg, png: pngDecoder, webp: libwebp, resizer })

/**
 * Entry in workerd: decodes the posted photo `?times=` over, by `?rules=` (JSON). Answers with the tensor, and in a header with
 * the bytes of WASM memory that each codec holds.
 */
export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const rules = rulesSchema.parse(JSON.parse(searchParams.get('rules') ?? ''))
    const photo = new Uint8Array(await request.arrayBuffer())
    let tensor = new Uint8Array()
    for (let i = 0; i < Number(searchParams.get('times')); i++) {
      tensor = new Uint8Array(await photoToTensor(photo, rules, codecs))
    }
    return new Response(tensor, { headers: { 'x-memory-bytes': JSON.stringify(codecs.memoryBytes()) } })
  },
}
