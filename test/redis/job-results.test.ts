import { expect, test } from 'vitest'
import type { Job, JobOutput } from '../../shared/job.ts'
import type { TensorValue } from '../../shared/tensor-value.ts'
import { MAX_OUTPUT_BYTES } from '../../worker-pool/inference/job-output.ts'
import { MODEL, newTestJob, testQueue } from '../support/queue.ts'

/** The job as the edge reads it, and what was told on its channel, once a pool has settled it with this output. */
async function settledWith(output: JobOutput): Promise<{ job: Job | undefined; told: unknown }> {
  const { producer, consumer, keys, redis } = await testQueue()
  const pool = await consumer('a')
  const { id } = newTestJob()
  await producer.enqueue(newTestJob({ id }))
  const [claimed] = await pool.claim(1, 1_000)
  if (!claimed) throw new Error('nothing was claimed')
  const listener = redis.duplicate()
  await listener.subscribe(keys.done(MODEL, id))
  const heard = new Promise<string>((resolve) => listener.once('message', (_, message) => resolve(message)))
  const result = { status: 'succeeded', modelVersion: '1', output, predictMs: 1, batchSize: 1 } as const
  expect(await pool.settle([{ job: claimed, result }])).toEqual(['succeeded'])
  const told = JSON.parse(await heard) as unknown
  listener.disconnect()
  return { job: await producer.read(id), told }
}

const vector: TensorValue = {
  dtype: 'float32',
  shape: [3],
  data: Buffer.from(Float32Array.of(1, 2, 3).buffer).toString('base64'),
}

test('an embedding is read as it was written', async () => {
  const { job, told } = await settledWith({ kind: 'embedding', embedding: vector })
  expect(job).toMatchObject({ status: 'succeeded', embedding: vector })
  expect(job?.predictions).toBeUndefined()
  expect(told).toMatchObject({ status: 'succeeded', embedding: JSON.stringify(vector) })
})

test('tensors are read as they were written, whatever the graph calls them', async () => {
  const tensors = {
    'boxes:0': vector,
    'a "b"\n/c': { dtype: 'bool', shape: [], data: Buffer.of(1).toString('base64') },
  } satisfies Record<string, TensorValue>
  const { job } = await settledWith({ kind: 'tensors', tensors })
  expect(job?.tensors).toEqual(tensors)
})

test('a result of the largest size that is allowed passes', async () => {
  const bytes = (MAX_OUTPUT_BYTES / 4) * 3
  const largest: TensorValue = {
    dtype: 'uint8',
    shape: [bytes],
    data: Buffer.alloc(bytes, 0xfb).toString('base64'),
  }
  const { job, told } = await settledWith({ kind: 'tensors', tensors: { largest } })
  expect(job?.tensors?.largest?.data).toHaveLength(MAX_OUTPUT_BYTES)
  expect(job?.tensors?.largest?.data).toBe(largest.data)
  expect(told).toMatchObject({ tensors: JSON.stringify({ largest }) })
})
