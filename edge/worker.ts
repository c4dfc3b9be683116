import consoleAssets from '../console/dist/assets.js'
import { ConfigurationError, readConfiguration } from '../shared/read-configuration.ts'
import { composeEdge } from './compose-edge.ts'
import type { EdgeApp } from './edge-context.ts'
import { edgeEnvSchema, imageLimitsOf } from './env.ts'
import { ACCEPTED_IMAGE_TYPES } from './image/accepted-types.ts'
import libjpeg from './image/jpeg/libjpeg/libjpeg.wasm'
import { photoToTensor } from './image/photo-to-tensor.ts'
import pngDecoder from './image/png/png-decoder.wasm'
import resizer from './image/resize/resizer.wasm'
import { createWasmCodecs } from './image/wasm-codecs.ts'
import libwebp from './image/webp/libwebp/libwebp.wasm'
import { composeScaling } from './scaling/compose-scaling.ts'
import type { DepthReporter } from './scaling/depth-reporter.ts'
import { scalingEnvSchema } from './scaling/env.ts'

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

  /** Each minute, by the cron trigger in wrangler.toml. What has failed is logged, and makes the run a failed one where Cloudflare lists them. */
  async scheduled({ scheduledTime }: ScheduledController, bindings: Record<string, unknown>): Promise<void> {
    const failed = await configuredReporter(bindings).report(scheduledTime)
    if (failed.length > 0) throw new Error(`not all was reported: ${failed.join(', ')}`)
  },
}

/** One app an isolate: bindings do not change while it lives. */
let app: EdgeApp | undefined

function appFor(bindings: Record<string, unknown>): EdgeApp {
  app ??= buildApp(bindings)
  return app
}

/** Its cron trigger's. */
const SCHEDULED_EVERY_MS = 60_000

let reporter: DepthReporter | undefined

function configuredReporter(bindings: Record<string, unknown>): DepthReporter {
  try {
    return reporterFor(bindings)
  } catch (error) {
    if (error instanceof ConfigurationError)
      console.error({ message: 'scaling is not configured', settings: error.message })
    throw error
  }
}

function reporterFor(bindings: Record<string, unknown>): DepthReporter {
  reporter ??= composeScaling(
    readConfiguration(edgeEnvSchema, bindings),
    readConfiguration(scalingEnvSchema, bindings),
    { everyMs: SCHEDULED_EVERY_MS, logFailure: (failure) => console.error(failure) },
  )
  return reporter
}

function buildApp(bindings: Record<string, unknown>): EdgeApp {
  const env = readConfiguration(edgeEnvSchema, bindings)
  const limits = imageLimitsOf(env)
  const codecs = createWasmCodecs({ jpeg: libjpeg, png: pngDecoder, webp: libwebp, resizer })
  return composeEdge(env, {
    decodePhoto: (bytes, rules) => photoToTensor(bytes, rules, codecs, limits),
    decodedTypes: ACCEPTED_IMAGE_TYPES,
    consoleAssets,
    logFailure: (failure) => console.error(failure),
  })
}
