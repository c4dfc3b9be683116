import type { PublicStats } from '../shared/public-stats.ts'
import { MINUTE_MS } from '../shared/snapshot.ts'
import type { EdgeDeps } from './edge-context.ts'
import type { ModelDirectory } from './model-directory.ts'
import { type SeenStatistics, snapshotOf, statsAnswer } from './stats-answer.ts'

type StatsDeps = Pick<EdgeDeps, 'statistics' | 'history' | 'keptWarmSeconds'>

/** What waits for each model version, which pools live and get on, and how full Redis is. Throws as Redis' callers do. */
export async function readStats(deps: StatsDeps, models: Pick<ModelDirectory, 'list'>): Promise<PublicStats> {
  const listed = await models.list()
  const versions = listed.flatMap(({ versions }) => versions)
  const queues = versions.map(({ manifest: { name, version } }) => ({ model: name, version }))
  const seen = { models: listed, versions, statistics: await deps.statistics.read(queues) }
  await keepMinute(deps, seen)
  return statsAnswer(seen, deps.keptWarmSeconds)
}

/** Whoever looks first in a minute keeps what was seen. What was seen is the answer, whether it can be kept or not. */
async function keepMinute({ history }: StatsDeps, seen: SeenStatistics): Promise<void> {
  const { nowMs, snapshots } = seen.statistics
  const last = snapshots.at(-1)
  if (last && Math.floor(last.at / MINUTE_MS) >= Math.floor(nowMs / MINUTE_MS)) return
  await history.record(snapshotOf(seen)).catch(() => {})
}
