import type { Priority } from '../../../../shared/priority.ts'
import type { ModelJob, QueueModel } from './queue-model.ts'

/** The deadline of a job passes. Returns the job whose input expires with that, if any does. */
export function passDeadline(model: QueueModel, job: ModelJob): ModelJob | undefined {
  job.deadlinePassed = true
  const kept = model.jobs.find(({ hasInput, inputIsFor }) => hasInput && inputIsFor.has(job))
  kept?.inputIsFor.delete(job)
  if (!kept || kept.inputIsFor.size > 0) return undefined
  kept.hasInput = false
  return kept
}

export function lapse(model: QueueModel, owner: string): void {
  for (const entry of model.entries) if (entry.owner === owner) entry.lapsed = true
}

export function forgetQueue(model: QueueModel, priority: Priority): void {
  model.queues[priority].entries.length = 0
  model.queues[priority].hasGroup = false
}

/** All of Redis. */
export function forgetAll(model: QueueModel): void {
  for (const priority of ['high', 'normal', 'low'] as const) forgetQueue(model, priority)
  for (const job of model.jobs) {
    job.exists = false
    job.hasInput = false
  }
  model.cache.clear()
  model.idempotency.clear()
  model.letters.length = 0
}
