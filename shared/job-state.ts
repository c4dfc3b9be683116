import * as z from 'zod'

/**
 * The states of a job and the moves between them. The Lua scripts in shared/scripts make these moves atomically;
 * a terminal state is written once and never changes again.
 *
 *     queued ──claim──> processing ──settle──> succeeded | failed
 *        ├───────────────────┼──── deadline ──> expired
 *        └───────────────────┴───── cancel ───> canceled
 */
export const jobStatusSchema = z.enum(['queued', 'processing', 'succeeded', 'failed', 'expired', 'canceled'])
export type JobStatus = z.infer<typeof jobStatusSchema>

export function isTerminal(status: JobStatus): boolean {
  return status !== 'queued' && status !== 'processing'
}
