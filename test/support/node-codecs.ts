import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createWasmCodecs } from '../../edge/image/wasm-codecs.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'

/** The edge's codecs in Node, which compiles the files that a Worker imports. */
export const codecs = createWasmCodecs({
  jpeg: compiled('edge/image/jpeg/libjpeg/libjpeg.wasm'),
  png: compiled('edge/image/png/png-decoder.wasm'),
  webp: compiled('edge/image/webp/libwebp/libwebp.wasm'),
  resizer: compiled('edge/image/resize/resizer.wasm'),
})

function compiled(file: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(join(PROJECT_ROOT, file)))
}
