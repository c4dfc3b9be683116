import { PROBLEMS, type ProblemCode } from '../../shared/errors.ts'
import type { SettledJob } from './pool-observer.ts'

/** Why the job ended without a result; undefined if it has one, or did not end by this settlement ('canceled', 'stale', 'gone'). */
export function failureOf({ failure, outcome }: SettledJob): ProblemCode | undefined {
  if (outcome === 'expired') return 'job-expired'
  return outcome === 'failed' ? (failure ?? 'internal-error') : undefined
}

/** Whether it is ours to look into, and not the caller's picture. */
export function isOurs(code: ProblemCode): boolean {
  return code === 'job-expired' || PROBLEMS[code].status >= 500
}
