import type { Tracer } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import { tellingOfFailures } from './span-export-log.ts'

export interface TracingOptions {
  /** An OTLP collector over HTTP, without `/v1/traces`. */
  endpoint: string
  /** Undefined: what OTEL_RESOURCE_ATTRIBUTES says, or the project's own. */
  serviceName: string | undefined
  poolId: string
  log: Logger
  clock: Clock
}

export interface Tracing {
  tracer: Tracer
  /** Sends what is left, for `limitMs` at most. Never rejects. */
  close(limitMs: number): Promise<void>
}

/**
 * Sends spans to a collector, as OTLP in JSON. OpenTelemetry's libraries read the standard's other variables (OTEL_EXPORTER_OTLP_HEADERS,
 * OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_BSP_*) themselves; by default, a job is recorded if its caller records.
 */
export function startTracing({ endpoint, serviceName, poolId, log, clock }: TracingOptions): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })
  const resource = resourceFromAttributes({
    'service.name': 'edgebatch-worker-pool',
    'service.instance.id': poolId,
  })
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes(serviceName === undefined ? {} : { 'service.name': serviceName }))
  const provider = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(tellingOfFailures(exporter, log))],
  })
  return {
    tracer: provider.getTracer('edgebatch'),
    close: async (limitMs) => {
      const flushed = new AbortController()
      const flush = provider.shutdown().catch(() => {})
      await Promise.race([flush, clock.sleep(limitMs, flushed.signal)])
      flushed.abort()
    },
  }
}
