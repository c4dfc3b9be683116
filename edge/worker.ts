import webpDecoder from '@jsquash/webp/codec/dec/webp_dec.wasm'
import { ConfigurationError, readConfiguration } from '../shared/read-configuration.ts'
import { composeEdge } from './compose-edge.ts'
import type { EdgeApp } from './edge-context.ts'
import { edgeEnvSchema } from './env.ts'
import libjpeg from './image/libjpeg/libjpeg.wasm'
import { DEFAULT_IMAGE_LIMITS, photoToTensor } from './image/photo-to-tensor.ts'
import pngDecoder from './image/png-decoder.wasm'
import resizer from './image/resizer.wasm'
import { createWasmCodecs } from './image/wasm-codecs.ts'

/** Entry: the edge on Cloudflare Workers. */
export default {
  fetch(request: Request, bindings: Record<string, unknown>, execution: ExecutionContext) {
    try {
      return appFor(bindings).fetch(request, bindings, execution)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      console.error({ message: 'the edge is not configured', settings: error.message })
      return Response.json({ title: 'The service is not configured', status: 503 }, { status: 503 })
    }
  },
}

/** One app an isolate: bindings do not change while it lives. */
let app: EdgeApp | undefined

function appFor(bindings: Record<string, unknown>): EdgeApp {
  app ??= buildApp(bindings)
  return app
}

function buildApp(bindings: Record<string, unknown>): EdgeApp {
  const env = readConfiguration(edgeEnvSchema, bindings)
  const codecs = createWasmCodecs({ jpeg: libjpeg, png: pngDecoder, webp: webpDecoder, resizer })
  return composeEdge(env, {
    decodePhoto: (bytes, rules) => photoToTensor(bytes, rules, codecs, DEFAULT_IMAGE_LIMITS),
    logFailure: (failure) => console.error(failure),
  })
}
