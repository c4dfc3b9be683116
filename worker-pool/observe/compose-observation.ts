import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Clock } from '../../shared/clock.ts'
import type { PoolEnv } from '../env.ts'
import type { GpuReading } from '../machine/gpu-readings.ts'
import { DrainRates } from './drain-rates.ts'
import { watchGpus } from './gpu-metrics.ts'
import { JobLog } from './job-log.ts'
import { LoadMeter } from './load-meter.ts'
import { PoolMetrics } from './metrics.ts'
import { observeWithAll, type PoolObserver } from './pool-observer.ts'
import { RecentRuns } from './recent-runs.ts'
import { RunWatch, type RunWatchDeps } from './run-watch.ts'

export type ObservationSettings = Pick<
  PoolEnv,
  | 'EXECUTION_PROVIDERS'
  | 'HEALTH_PORT'
  | 'OTEL_EXPORTER_OTLP_ENDPOINT'
  | 'OTEL_SERVICE_NAME'
  | 'STUCK_SECONDS'
>

export interface ObservationParts {
  poolId: string
  log: Logger
  clock: Clock
  /** Milliseconds, monotonic. */
  elapsed: () => number
  readGpus: () => Promise<readonly GpuReading[] | undefined>
  runs: RunWatchDeps['runs']
}

export interface Observation {
  /** To be told what the pool does. */
  observer: PoolObserver
  /** Undefined where nobody could ask for them. */
  metrics: Registry | undefined
  loads: LoadMeter
  drainRates: DrainRates
  runWatch: RunWatch
  /** Sends what traces are left, for `limitMs` at most. Never rejects. */
  flush(limitMs: number): Promise<void>
}

/** All that is told of what a pool does, as its settings say: log and load, metrics with HEALTH_PORT, traces with a collector. */
export async function composeObservation(
  env: ObservationSettings,
  parts: ObservationParts,
): Promise<Observation> {
  const { log, elapsed, readGpus, runs } = parts
  const drainRates = new DrainRates()
  const runWatch = new RunWatch({ runs, elapsed, stuckAfterMs: env.STUCK_SECONDS * 1000 })
  const device = env.EXECUTION_PROVIDERS[0] ?? 'cpu'
  const recentRuns = new RecentRuns(elapsed)
  const loads = new LoadMeter({ device, elapsed, drainRates, recentRuns, runs: runWatch })
  const metrics = env.HEALTH_PORT === undefined ? undefined : new Registry()
  const traces = await startTraces(env, parts)
  const observers: PoolObserver[] = [
    ...[new JobLog(log), loads, drainRates, recentRuns, runWatch],
    ...traces.observers,
  ]
  if (metrics) {
    collectDefaultMetrics({ register: metrics })
    watchGpus(metrics, readGpus)
    observers.push(new PoolMetrics(metrics))
  }
  const observer = observeWithAll(observers, (err) => log.error({ err }, 'an observer failed'))
  return { observer, metrics, loads, drainRates, runWatch, flush: traces.flush }
}

/** OpenTelemetry is loaded only where it is used. */
async function startTraces(
  env: ObservationSettings,
  { poolId, log, clock, elapsed }: ObservationParts,
): Promise<{ observers: PoolObserver[]; flush: Observation['flush'] }> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: serviceName } = env
  if (endpoint === undefined) return { observers: [], flush: async () => {} }
  const { startTracing } = await import('./tracing.ts')
  const { JobSpans } = await import('./job-spans.ts')
  const tracing = startTracing({ endpoint, serviceName, poolId, log, clock })
  const spans = new JobSpans(tracing.tracer, { now: () => clock.now(), elapsed })
  return { observers: [spans], flush: (limitMs) => tracing.close(limitMs) }
}
