import type { Batch, BatchIdempotency, BatchStore } from '../../shared/batch.ts'
import { ProblemError } from '../../shared/errors.ts'
import type { Job } from '../../shared/job.ts'
import { newBatchId } from '../../shared/job-id.ts'
import { type ItemOutcome, submitItems } from './submit-items.ts'

/** Several images that came in one call. */
export interface BatchCall {
  model: string
  modelVersion: string
  owner: string
  photos: readonly (Uint8Array | ProblemError)[]
  /** Makes a job of an image, without an Idempotency-Key of its own. Throws ProblemError. */
  submit: (photo: Uint8Array) => Promise<Job>
  /** Of the call. */
  idempotency: BatchIdempotency | undefined
  /** Told of every image that was refused. */
  onRefusal: (problem: ProblemError) => void
}

/**
 * Makes a batch of a call; or finds the one that was made of it before, by its Idempotency-Key. Throws ProblemError, and what the store
 * throws: should that fail when all images are submitted, their jobs are run for nobody.
 */
export async function createBatch(store: BatchStore, call: BatchCall): Promise<Batch> {
  const id = newBatchId(call.model)
  const replayed = call.idempotency && (await begin(store, id, call.idempotency))
  if (replayed) return replayed
  const outcomes = await submitOrAbandon(store, id, call)
  const { model, modelVersion, owner } = call
  const items = outcomes.map((outcome) =>
    'job' in outcome ? { id: outcome.job.id } : refusal(outcome.problem),
  )
  const createdAt = await store.write({ id, modelVersion, owner, items }, lifetimeMs(outcomes))
  return {
    ...{ id, model, modelVersion, owner, createdAt },
    items: outcomes.map((outcome) => ('job' in outcome ? outcome : refusal(outcome.problem))),
  }
}

/** The batch that the key was used for, if there is one. */
async function begin(
  store: BatchStore,
  id: string,
  idempotency: BatchIdempotency,
): Promise<Batch | undefined> {
  const begun = await store.begin(id, idempotency)
  switch (begun.outcome) {
    case 'begun':
      return undefined
    case 'replay': {
      const batch = await store.read(begun.id)
      if (batch) return batch
      throw inProgress()
    }
    case 'in-progress':
      throw inProgress()
    case 'mismatch':
      throw new ProblemError('idempotency-mismatch', 'Take a new key for other images or other options.')
  }
}

function inProgress(): ProblemError {
  return new ProblemError('idempotency-conflict', 'Ask again in a moment: the answer will be that call’s.', {
    headers: { 'retry-after': '1' },
  })
}

async function submitOrAbandon(store: BatchStore, id: string, call: BatchCall): Promise<ItemOutcome[]> {
  try {
    const outcomes = await submitItems(call.photos, call.submit)
    for (const outcome of outcomes) if ('problem' in outcome) call.onRefusal(outcome.problem)
    return outcomes
  } catch (error) {
    // Should this fail as well, the key is free again by itself after a while.
    if (call.idempotency) await store.abandon(id, call.idempotency).catch(() => {})
    throw error
  }
}

function refusal({ code, detail }: ProblemError) {
  return { error: { code, detail } }
}

/** Until the result of the last of its jobs is over, at the latest. */
function lifetimeMs(outcomes: readonly ItemOutcome[]): number {
  const ofJobs = outcomes.map((outcome) =>
    'job' in outcome ? outcome.job.deadline - outcome.job.created_at + outcome.job.result_ttl : 0,
  )
  return Math.max(...ofJobs)
}
