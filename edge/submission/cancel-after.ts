import { ProblemError } from '../../shared/errors.ts'

/** Seconds that a model allows a job, and those of one that does not say. */
export interface DeadlineLimits {
  defaultSeconds: number
  maxSeconds: number
}

const UNIT_SECONDS = { h: 3_600, m: 60, s: 1 }

/**
 * Reads `Cancel-After`, how long a job may take from acceptance to result: `30s`, `1m30s`, `2h`, or seconds alone. Returns milliseconds.
 * Throws ProblemError 'invalid-request' for anything else, for 0, and for more than the model allows.
 */
export function deadlineMs(
  header: string | undefined,
  { defaultSeconds, maxSeconds }: DeadlineLimits,
): number {
  if (header === undefined) return defaultSeconds * 1000
  const [, alone, hours, minutes, seconds] =
    /^(?:(\d{1,6})|(?=\d)(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?)$/.exec(header.trim()) ?? []
  const all =
    Number(alone ?? 0) +
    Number(hours ?? 0) * UNIT_SECONDS.h +
    Number(minutes ?? 0) * UNIT_SECONDS.m +
    Number(seconds ?? 0) * UNIT_SECONDS.s
  if (all === 0)
    throw new ProblemError('invalid-request', 'Cancel-After takes a time above 0, e.g. 30s, 1m30s or 2h.')
  if (all > maxSeconds)
    throw new ProblemError(
      'invalid-request',
      `Cancel-After may be ${maxSeconds} seconds at most for this model.`,
    )
  return all * 1000
}
