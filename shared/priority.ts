import * as z from 'zod'

/** Which of its queues a job waits in, most urgent first. worker-pool/batching/priority-shares.ts says who is served when. */
export const PRIORITIES = ['high', 'normal', 'low'] as const
export const prioritySchema = z.enum(PRIORITIES)
export type Priority = z.infer<typeof prioritySchema>
