import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { ObservedRequest } from '../edge-context.ts'

/** Seconds. POST /predict waits for its result, 60 s at most. */
const DURATION_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/**
 * Counts the requests of this process, and tells of the process itself. For an edge on Node: a Worker's isolates come and go, and each would
 * count its own; what Cloudflare counts is in its dashboard.
 */
export class RequestMetrics {
  readonly #registry = new Registry()
  readonly #requests = new Counter({
    name: 'edgebatch_http_requests_total',
    help: 'Requests answered, by what is registered at their address',
    labelNames: ['route', 'method', 'status'],
    registers: [this.#registry],
  })
  readonly #problems = new Counter({
    name: 'edgebatch_http_problems_total',
    help: 'Requests refused, by error code',
    labelNames: ['code'],
    registers: [this.#registry],
  })
  readonly #durations = new Histogram({
    name: 'edgebatch_http_request_duration_seconds',
    help: 'From the headers of a request to those of its answer, waits for results included',
    labelNames: ['route', 'method'],
    buckets: DURATION_BUCKETS,
    registers: [this.#registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
  }

  observe({ route, method, status, problem, ms }: ObservedRequest): void {
    this.#requests.inc({ route, method, status: String(status) })
    if (problem !== undefined) this.#problems.inc({ code: problem })
    this.#durations.observe({ route, method }, ms / 1000)
  }

  /** Prometheus' text. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
