import { expect, test } from 'vitest'
import type { Batch, BatchStore, BeginResult, NewBatch } from '../../shared/batch.ts'
import { ProblemError } from '../../shared/errors.ts'
import type { Job } from '../../shared/job.ts'
import { isBatchId } from '../../shared/job-id.ts'
import { type BatchCall, createBatch } from './create-batch.ts'

const IDEMPOTENCY = { digest: 'd', fingerprint: 'f', ttlMs: 1_000 }

/** A store that says `begun`, and keeps what it was told. */
function storeThat(begun: BeginResult = { outcome: 'begun' }, found?: Batch) {
  const told = {
    begun: [] as string[],
    abandoned: [] as string[],
    written: [] as (NewBatch & { jobsMs: number })[],
  }
  const store: BatchStore = {
    begin: async (id) => {
      told.begun.push(id)
      return begun
    },
    abandon: async (id) => void told.abandoned.push(id),
    write: async (batch, jobsMs) => {
      told.written.push({ ...batch, jobsMs })
      return 77
    },
    read: async () => found,
  }
  return { store, told }
}

const job = (n: number) =>
  ({ id: `job ${n}`, created_at: 1_000, deadline: 1_000 * (n + 2), result_ttl: 500 }) as Job
const damaged = new ProblemError('undecodable-image', 'It is damaged.')

function call(changes: Partial<BatchCall> = {}): BatchCall {
  return {
    ...{ model: 'm', modelVersion: '1', owner: 'key1', idempotency: undefined, onRefusal: () => {} },
    photos: [Uint8Array.of(0), damaged, Uint8Array.of(2)],
    submit: async ([n = 0]) => job(n),
    ...changes,
  }
}

test('a batch is written with the ids of its jobs and why others have none, for as long as any of its jobs may be there', async () => {
  const { store, told } = storeThat()
  const refused: ProblemError[] = []
  const batch = await createBatch(store, call({ onRefusal: (problem) => refused.push(problem) }))
  const error = { code: 'undecodable-image', detail: 'It is damaged.' }
  expect(isBatchId(batch.id)).toBe(true)
  expect(batch).toMatchObject({ model: 'm', modelVersion: '1', owner: 'key1', createdAt: 77 })
  expect(batch.items).toEqual([{ job: job(0) }, { error }, { job: job(2) }])
  expect(told.written).toEqual([
    {
      ...{ id: batch.id, modelVersion: '1', owner: 'key1' },
      items: [{ id: 'job 0' }, { error }, { id: 'job 2' }],
      jobsMs: 3_000 + 500,
    },
  ])
  expect(refused).toEqual([damaged])
  expect(told.begun).toEqual([])
})

test('with an Idempotency-Key it is begun before anything is submitted', async () => {
  const { store, told } = storeThat()
  let begunAtSubmit: string[] = []
  const submit = async () => {
    begunAtSubmit = [...told.begun]
    return job(0)
  }
  const { id } = await createBatch(store, call({ idempotency: IDEMPOTENCY, submit }))
  expect(begunAtSubmit).toEqual([id])
  expect(told.abandoned).toEqual([])
})

test('a key that was used gives the same batch again, and nothing is submitted', async () => {
  const found = { id: 'batch_before' } as Batch
  const { store, told } = storeThat({ outcome: 'replay', id: 'batch_before' }, found)
  const submit = () => expect.unreachable('nothing is to be submitted')
  expect(await createBatch(store, call({ idempotency: IDEMPOTENCY, submit }))).toBe(found)
  expect(told.written).toEqual([])
})

test.each([
  ['in-progress', 'idempotency-conflict'],
  ['mismatch', 'idempotency-mismatch'],
] as const)('a key that is %s is refused', async (outcome, code) => {
  const { store } = storeThat({ outcome })
  await expect(createBatch(store, call({ idempotency: IDEMPOTENCY }))).rejects.toMatchObject({ code })
})

test('a call that comes to nothing lets go of its key', async () => {
  const { store, told } = storeThat()
  const submit = async () => {
    throw new ProblemError('queue-full', 'why')
  }
  const made = createBatch(store, call({ photos: [Uint8Array.of(1)], idempotency: IDEMPOTENCY, submit }))
  await expect(made).rejects.toMatchObject({ code: 'queue-full' })
  expect(told.abandoned).toEqual(told.begun)
  expect(told.written).toEqual([])
})
