import { type PublicStats, publicWork } from '../../shared/public-stats.ts'
import { noWork } from '../../shared/recent-work.ts'

export const NO_WORK = publicWork(noWork())

/** What GET /stats answers where there is nothing. */
export const IDLE_STATS: PublicStats = {
  ...{ at: '2026-03-01T08:22:00.000Z', models: [], pools: [], redis: null },
  ...{ arrival_rate: null, last_minute: NO_WORK, dead_letters: { total: 0, by_model: {} } },
  queue_depth: { total: 0, by_model: {} },
}
