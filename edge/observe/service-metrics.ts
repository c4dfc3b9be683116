import { POOL_STATES } from '../../shared/announcement.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { type GaugeFamily, prometheusText } from './prometheus-text.ts'

/**
 * What GET /stats tells, for Prometheus: it is of the whole service, whichever edge is asked, and costs Redis one round trip a scrape.
 * `maxBacklog`: jobs of one model at which the edge refuses more.
 */
export function serviceMetrics(stats: PublicStats, maxBacklog: number): string {
  return prometheusText([
    gauge('edgebatch_edge_redis_up', 'Whether this edge reaches Redis: 1, or 0', [{ value: 1 }]),
    ...queueGauges(stats, maxBacklog),
    ...poolGauges(stats),
    ...redisGauges(stats),
  ])
}

/** Where Redis cannot be reached nothing else is known. */
export function metricsWithoutRedis(): string {
  return prometheusText([
    gauge('edgebatch_edge_redis_up', 'Whether this edge reaches Redis: 1, or 0', [{ value: 0 }]),
  ])
}

function queueGauges({ models, queue_depth: depth }: PublicStats, maxBacklog: number): GaugeFamily[] {
  const jobs = models.flatMap(({ name, version, backlog }) =>
    Object.entries(backlog).map(([priority, value]) => ({
      labels: { model: name, version, priority },
      value,
    })),
  )
  const oldest = models.map(({ name, version, oldest_waiting_seconds: value }) => ({
    labels: { model: name, version },
    value: value ?? 0,
  }))
  return [
    gauge('edgebatch_queue_jobs', 'Jobs waiting or running, by priority', jobs),
    gauge(
      'edgebatch_queue_oldest_waiting_seconds',
      'For how long the oldest job waits that no pool has taken; 0 where none waits',
      oldest,
    ),
    gauge('edgebatch_queue_limit_jobs', 'Jobs of one model at which this edge refuses more', [
      { value: maxBacklog },
    ]),
    gauge('edgebatch_queue_depth', 'What machines are wanted for, in jobs', [{ value: depth.total }]),
  ]
}

function poolGauges({ models, pools }: PublicStats): GaugeFamily[] {
  const byVersion = models.map(({ name, version, pools: ids }) => ({
    labels: { model: name, version },
    value: ids.length,
  }))
  const rates = models.flatMap(({ name, version, drain_rate: value }) =>
    value === null ? [] : [{ labels: { model: name, version }, value }],
  )
  const states = POOL_STATES.map((state) => ({
    labels: { state },
    value: pools.filter((pool) => pool.state === state).length,
  }))
  return [
    gauge('edgebatch_model_pools', 'Live pools that serve the version', byVersion),
    gauge(
      'edgebatch_model_drain_rate',
      'Images a second that its pools serve together while they are busy',
      rates,
    ),
    gauge('edgebatch_pools', 'Live pools, by whether they get on', states),
  ]
}

function redisGauges({ redis }: PublicStats): GaugeFamily[] {
  const max = redis?.max_memory_bytes ?? null
  return [
    gauge(
      'edgebatch_redis_memory_used_bytes',
      'Memory that Redis takes',
      redis ? [{ value: redis.used_memory_bytes }] : [],
    ),
    gauge(
      'edgebatch_redis_memory_max_bytes',
      'Memory at which Redis takes no more jobs',
      max === null ? [] : [{ value: max }],
    ),
  ]
}

function gauge(name: string, help: string, samples: GaugeFamily['samples']): GaugeFamily {
  return { name, help, samples }
}
