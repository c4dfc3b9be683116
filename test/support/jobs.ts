import type { Job } from '../../shared/job.ts'

/** A job of no particular model, accepted at 0 by Redis' clock. */
export function jobThatIs(status: Job['status'], overrides: Partial<Job> = {}): Job {
  return {
    ...{
      id: 'AZaz09-_AZaz09-_AZaz09.m',
      model: 'm',
      model_version: '1',
      attempt: 0,
      status,
      outlived: false,
      read_at: 0,
    },
    ...{ priority: 'normal', owner: '', created_at: 0, deadline: 300_000, result_ttl: 60_000 },
    ...overrides,
  }
}
