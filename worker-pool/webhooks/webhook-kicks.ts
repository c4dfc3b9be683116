import type { PoolObserver, SettledJob } from '../observe/pool-observer.ts'

/** Has webhooks sent as soon as jobs that have some are settled. */
export function kickOnSettled(kick: () => void): PoolObserver {
  const look = (jobs: readonly SettledJob[]) => {
    if (jobs.some(({ job }) => job.hasWebhook)) kick()
  }
  return {
    batchSettled: ({ jobs }) => look(jobs),
    jobsFailed: (_, jobs) => look(jobs),
    attemptsLost: (_, { dead }) => {
      if (dead.length > 0) kick()
    },
    modelServed: () => {},
    modelGone: () => {},
    jobsReleased: () => {},
    pendingChanged: () => {},
  }
}
