import { describe, expect, onTestFinished, test } from 'vitest'
import type { BatchIdempotency, NewBatch } from '../../shared/batch.ts'
import { newBatchId, newJobId } from '../../shared/job-id.ts'
import { RedisBatches } from '../../shared/redis-batches.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { MODEL, newTestJob, testQueue } from '../support/queue.ts'
import { redisUrlOf } from '../support/redis-users.ts'

async function testBatches() {
  const queue = await testQueue()
  const tcp = await RedisTcp.connect(redisUrlOf('edge'))
  onTestFinished(() => tcp.close())
  return { ...queue, batches: new RedisBatches(tcp, queue.keys, 1_000) }
}

const TTL_MS = 60_000
const refusal = { error: { code: 'undecodable-image' as const, detail: 'It is "damaged".' } }

function newBatch(items: NewBatch['items'] = [refusal]): NewBatch {
  return { id: newBatchId(MODEL), modelVersion: '1', owner: 'key1', items }
}

describe('a batch', () => {
  test('is read as it was written, with its jobs as they are now and the refusals among them', async () => {
    const { batches, producer } = await testBatches()
    const [first, second] = [newTestJob(), newTestJob()]
    for (const job of [first, second]) await producer.enqueue(job)
    const batch = newBatch([{ id: first.id }, refusal, { id: second.id }])
    const createdAt = await batches.write(batch, TTL_MS)
    const canceled = await producer.read(second.id)
    if (canceled) await producer.cancel(canceled)

    const read = await batches.read(batch.id)
    expect(read).toMatchObject({ id: batch.id, model: MODEL, modelVersion: '1', owner: 'key1', createdAt })
    expect(read?.items).toEqual([
      { job: { ...(await producer.read(first.id)), read_at: expect.any(Number) } },
      refusal,
      { job: expect.objectContaining({ id: second.id, status: 'canceled' }) },
    ])
    expect(read?.items[0]).toMatchObject({ job: { id: first.id, status: 'queued' } })
  })

  test('tells a job that is gone, or kept as long as promised, as none', async () => {
    const { batches, producer, redis, keys } = await testBatches()
    const [gone, outlived] = [newTestJob(), newTestJob()]
    for (const job of [gone, outlived]) await producer.enqueue(job)
    await redis.del(keys.job(MODEL, gone.id))
    await redis.hset(keys.job(MODEL, outlived.id), {
      status: 'succeeded',
      completed_at: '1000',
      result_ttl: '1',
    })
    const batch = newBatch([{ id: gone.id }, { id: outlived.id }])
    await batches.write(batch, TTL_MS)
    expect((await batches.read(batch.id))?.items).toEqual([{ job: undefined }, { job: undefined }])
  })

  test('goes with its TTL', async () => {
    const { batches, redis, keys } = await testBatches()
    const batch = newBatch()
    await batches.write(batch, TTL_MS)
    const ttl = await redis.pttl(keys.batch(MODEL, batch.id))
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(TTL_MS + 1_000)
  })

  test('that is written again, as a repeated call would, stays as it was', async () => {
    const { batches, redis, keys } = await testBatches()
    const batch = newBatch()
    const createdAt = await batches.write(batch, TTL_MS)
    const before = await redis.get(keys.batch(MODEL, batch.id))
    expect(await batches.write({ ...batch, owner: 'other' }, TTL_MS)).toBe(createdAt)
    expect(await redis.get(keys.batch(MODEL, batch.id))).toBe(before)
  })

  test('that a newer edge refused for a reason unknown here is read still', async () => {
    const { batches, redis, keys } = await testBatches()
    const batch = newBatch()
    const items = [{ error: { code: 'of-tomorrow', detail: 'd' } }]
    const record = { created_at: 1, owner: '', model_version: '1', items }
    await redis.set(keys.batch(MODEL, batch.id), JSON.stringify(record))
    expect((await batches.read(batch.id))?.items).toEqual([
      { error: { code: 'internal-error', detail: 'd' } },
    ])
  })

  test.each([
    ['never was', undefined],
    ['is pending', 'pending'],
    ['is no JSON', '{'],
    ['is not an object', '[1]'],
    ['has items that are none', '{"created_at":1,"owner":"","model_version":"1","items":[3]}'],
    ['has no items', '{"created_at":1,"owner":"","model_version":"1","items":"x"}'],
  ])('that %s is none', async (_, stored) => {
    const { batches, redis, keys } = await testBatches()
    const id = newBatchId(MODEL)
    if (stored !== undefined) await redis.set(keys.batch(MODEL, id), stored)
    expect(await batches.read(id)).toBeUndefined()
  })

  test('is not found by a job’s id', async () => {
    const { batches } = await testBatches()
    expect(await batches.read(newJobId(MODEL))).toBeUndefined()
  })
})

describe('an Idempotency-Key', () => {
  const used = (changes: Partial<BatchIdempotency> = {}): BatchIdempotency => ({
    ...{ digest: crypto.randomUUID(), fingerprint: 'f1', ttlMs: TTL_MS },
    ...changes,
  })

  test('begins a batch once; until it is written, others are told that it is under way', async () => {
    const { batches } = await testBatches()
    const [batch, idempotency] = [newBatch(), used()]
    expect(await batches.begin(batch.id, idempotency)).toEqual({ outcome: 'begun' })
    expect(await batches.begin(newBatchId(MODEL), idempotency)).toEqual({ outcome: 'in-progress' })
    await batches.write(batch, TTL_MS)
    expect(await batches.begin(newBatchId(MODEL), idempotency)).toEqual({ outcome: 'replay', id: batch.id })
  })

  test('begins it as well for who asks again, having had no answer', async () => {
    const { batches } = await testBatches()
    const [id, idempotency] = [newBatchId(MODEL), used()]
    await batches.begin(id, idempotency)
    expect(await batches.begin(id, idempotency)).toEqual({ outcome: 'begun' })
  })

  test('leaves a batch that was written as it is, where the first asking comes late', async () => {
    const { batches } = await testBatches()
    const [batch, idempotency] = [newBatch(), used()]
    await batches.begin(batch.id, idempotency)
    await batches.write(batch, TTL_MS)
    await batches.begin(batch.id, idempotency)
    expect(await batches.begin(newBatchId(MODEL), idempotency)).toEqual({ outcome: 'replay', id: batch.id })
  })

  test('is found though the call is for another model by now', async () => {
    const { batches } = await testBatches()
    const [batch, idempotency] = [newBatch(), used()]
    await batches.begin(batch.id, idempotency)
    await batches.write(batch, TTL_MS)
    expect(await batches.begin(newBatchId('other'), idempotency)).toEqual({ outcome: 'replay', id: batch.id })
  })

  test('does not serve another request, be it pending or written', async () => {
    const { batches } = await testBatches()
    const [batch, idempotency] = [newBatch(), used()]
    await batches.begin(batch.id, idempotency)
    const other = { ...idempotency, fingerprint: 'f2' }
    expect(await batches.begin(newBatchId(MODEL), other)).toEqual({ outcome: 'mismatch' })
    await batches.write(batch, TTL_MS)
    expect(await batches.begin(newBatchId(MODEL), other)).toEqual({ outcome: 'mismatch' })
  })

  test('serves either a job or a batch', async () => {
    const { batches, producer } = await testBatches()
    const ofJob = used({ fingerprint: 'job' })
    expect((await producer.enqueue(newTestJob(), { idempotency: ofJob })).outcome).toBe('queued')
    expect(await batches.begin(newBatchId(MODEL), { ...ofJob, fingerprint: 'batch' })).toEqual({
      outcome: 'mismatch',
    })
    const ofBatch = used({ fingerprint: 'batch' })
    await batches.begin(newBatchId(MODEL), ofBatch)
    const { outcome } = await producer.enqueue(newTestJob(), {
      idempotency: { ...ofBatch, fingerprint: 'job' },
    })
    expect(outcome).toBe('idempotency-mismatch')
  })

  test('of a batch that was abandoned, is gone, or whose edge died is as good as new', async () => {
    const { batches, redis, keys } = await testBatches()
    const [batch, idempotency] = [newBatch(), used()]
    await batches.begin(batch.id, idempotency)
    await batches.abandon(batch.id, idempotency)
    expect(await redis.keys(`${keys.prefix}*`)).toEqual([])

    for (let i = 0; i < 2; i++) {
      expect(await batches.begin(batch.id, idempotency)).toEqual({ outcome: 'begun' })
      const ttl = await redis.pttl(keys.batch(MODEL, batch.id))
      expect(ttl).toBeGreaterThan(0)
      expect(ttl).toBeLessThanOrEqual(120_000)
      await redis.del(keys.batch(MODEL, batch.id))
      batch.id = newBatchId(MODEL)
    }
  })

  test('is not let go of once its batch is written', async () => {
    const { batches } = await testBatches()
    const [batch, idempotency] = [newBatch(), used()]
    await batches.begin(batch.id, idempotency)
    await batches.write(batch, TTL_MS)
    await batches.abandon(batch.id, idempotency)
    expect(await batches.begin(newBatchId(MODEL), idempotency)).toEqual({ outcome: 'replay', id: batch.id })
  })
})
