import type { SpanExporter } from '@opentelemetry/sdk-trace-node'
import type { Logger } from 'pino'

/** A collector that is away is told once, and again when it is back: spans are lost meanwhile. */
export function tellingOfFailures(exporter: SpanExporter, log: Logger): SpanExporter {
  let failing = false
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== 0
        if (failed && !failing) log.warn({ reason: result.error?.message }, 'spans cannot be sent')
        if (!failed && failing) log.info('spans can be sent again')
        failing = failed
        done(result)
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}
