import { expect, test } from 'vitest'
import type { PhotoDecoder } from '../../shared/photo-decoder.ts'
import { PRIORITIES, type Priority } from '../../shared/priority.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, testQueue } from '../support/queue.ts'
import {
  embedding,
  enqueue,
  int64,
  job,
  node,
  outcome,
  putAside,
  scalar,
  serve,
  slowOnBright,
} from '../support/served-model.ts'
import { cast } from '../support/small-models.ts'

test('what waits is run in full batches, in order, and the rest at once', async () => {
  const queue = await testQueue()
  const settled = await enqueue(
    queue,
    Array.from({ length: 9 }, (_, i) => job(i)),
  )
  const { batches } = await serve(queue, { maxBatchSize: 4 })
  expect((await settled()).map(outcome)).toEqual(Array.from({ length: 9 }, (_, i) => [i, i, i]))
  expect(batches).toEqual([
    [4, 4],
    [4, 4],
    [1, 1],
  ])
})

test('a batch that may wait is run as soon as it has a preferred size', async () => {
  const queue = await testQueue()
  const { batches } = await serve(queue, {
    serving: { max_queue_delay_ms: 60_000, preferred_batch_sizes: [3] },
  })
  const settled = await enqueue(queue, [job(1), job(2), job(3)])
  expect((await settled()).map(outcome)).toEqual([
    [1, 1, 1],
    [2, 2, 2],
    [3, 3, 3],
  ])
  expect(batches).toEqual([[3, 3]])
})

test('a batch that no more jobs join is run when its delay is over', async () => {
  const queue = await testQueue()
  await serve(queue, { serving: { max_queue_delay_ms: 5 } })
  expect((await (await enqueue(queue, [job(7)]))()).map(outcome)).toEqual([[7, 7, 7]])
})

test('an image that the model throws on fails alone', async () => {
  // Looks the first pixel up in a table of 200 rows.
  const graph = embedding(
    [
      node('Slice', ['mean', 'from', 'to', 'axis'], ['red']),
      cast('red', 'row', 'int32'),
      node('Gather', ['table', 'row'], ['looked']),
      node('Reshape', ['looked', 'column'], ['zero']),
      node('Add', ['mean', 'zero'], ['embedding']),
    ],
    [
      int64('from', 0n),
      int64('to', 1n),
      int64('axis', 1n),
      int64('column', -1n, 1n),
      { name: 'table', dims: [200], data: new Float32Array(200) },
    ],
  )
  const queue = await testQueue()
  const settled = await enqueue(queue, [job(1), job(250), job(3), job(4), job(201)])
  await serve(queue, { graph })
  const failure = 'inference-failed'
  expect((await settled()).map(outcome)).toEqual([[1, 1, 1], failure, [3, 3, 3], [4, 4, 4], failure])
})

test('an image that the model answers with NaN fails alone', async () => {
  const graph = embedding([
    node('Div', ['mean', 'mean'], ['one']),
    node('Mul', ['one', 'mean'], ['embedding']),
  ])
  const queue = await testQueue()
  const settled = await enqueue(queue, [job(5), job(0), job(6)])
  await serve(queue, { graph })
  expect((await settled()).map(outcome)).toEqual([[5, 5, 5], 'inference-failed', [6, 6, 6]])
})

test('inputs that are missing, of another length or no base64 fail alone', async () => {
  const queue = await testQueue()
  const jobs = [
    job(1),
    job(2),
    job(3, { payload: 'AAAA' }),
    job(4, { payload: `${'A'.repeat(15)}!` }),
    job(5),
  ]
  const settled = await enqueue(queue, jobs)
  await queue.redis.del(queue.keys.input(MODEL, jobs[1]?.id ?? ''))
  const { batches } = await serve(queue)
  const failure = 'unreadable-input'
  expect((await settled()).map(outcome)).toEqual([[1, 1, 1], failure, failure, failure, [5, 5, 5]])
  expect(batches).toEqual([[2, 2]])
})

/** Asks for 2^46 bytes where more than two images come of which one is white (`white`), or for any that many. */
function greedy(white: boolean): Uint8Array {
  return embedding(
    [
      node('Shape', ['image'], ['shape']),
      node('Gather', ['shape', 'zero'], ['n']),
      node('Greater', ['n', 'two'], ['many']),
      node('ReduceMax', ['floats'], ['brightest'], { keepdims: 0 }),
      cast('brightest', 'level', 'int64'),
      node('Greater', ['level', 'limit64'], ['bright']),
      node('And', ['many', 'bright'], ['both']),
      node('Where', ['both', 'huge', 'one'], ['length']),
      node('ConstantOfShape', ['length'], ['zeros']),
      node('ReduceMax', ['zeros'], ['nothing'], { keepdims: 0 }),
      node('Add', ['mean', 'nothing'], ['embedding']),
    ],
    [
      scalar('zero', 0n),
      scalar('two', 2n),
      int64('huge', 1n << 44n),
      int64('one', 1n),
      { name: 'limit64', dims: [], data: BigInt64Array.of(white ? 254n : 0n) },
    ],
  )
}

test.each([
  ['during the warm-up', false],
  ['later', true],
])('batches that do not fit into memory %s are made smaller, and nothing fails', async (_, white) => {
  const queue = await testQueue()
  const settled = await enqueue(
    queue,
    [255, 1, 2, 3, 255, 4, 5, 6].map((pixel) => job(pixel)),
  )
  const { batches } = await serve(queue, { graph: greedy(white) })
  expect((await settled()).map(outcome)).toEqual(
    [255, 1, 2, 3, 255, 4, 5, 6].map((pixel) => [pixel, pixel, pixel]),
  )
  const next = await enqueue(queue, [job(255), job(1), job(2), job(3)])
  await next()
  expect(Math.max(...batches.slice(white ? 1 : 0).map(([size]) => size))).toBeLessThanOrEqual(2)
})

test('where shapes are to be stable, batches are padded to a bucket', async () => {
  const graph = embedding(
    [
      node('Shape', ['image'], ['shape']),
      node('Gather', ['shape', 'zero'], ['n']),
      cast('n', 'rows', 'float32'),
      node('Mul', ['mean', 'rows'], ['embedding']),
    ],
    [scalar('zero', 0n)],
  )
  const queue = await testQueue()
  const settled = await enqueue(queue, [job(1), job(2), job(3)])
  const { batches } = await serve(queue, { graph, padded: true })
  expect((await settled()).map(outcome)).toEqual([
    [4, 4, 4],
    [8, 8, 8],
    [12, 12, 12],
  ])
  expect(batches).toEqual([[3, 4]])
})

test('several instances serve one queue, each job once', async () => {
  const queue = await testQueue()
  const settled = await enqueue(
    queue,
    Array.from({ length: 40 }, (_, i) => job(i)),
  )
  const { batches } = await serve(queue, { serving: { instances: 3 }, maxBatchSize: 4 })
  expect((await settled()).map(outcome)).toEqual(Array.from({ length: 40 }, (_, i) => [i, i, i]))
  expect(batches.reduce((sum, [size]) => sum + size, 0)).toBe(40)
})

test('what is held at the deadline of a stop is given back, and another pool serves it', async () => {
  const queue = await testQueue()
  const first = await serve(queue, { serving: { max_queue_delay_ms: 60_000 } })
  const one = job(9)
  const settled = await enqueue(queue, [one])
  while ((await queue.producer.read(one.id))?.status === 'queued');
  await first.drain(AbortSignal.abort())
  await serve(queue)
  expect((await settled()).map(outcome)).toEqual([[9, 9, 9]])
})

test('a job whose photo is still being decoded at that deadline is given back, too', async () => {
  const queue = await testQueue()
  const begun = Promise.withResolvers<void>()
  const decoded = Promise.withResolvers<Uint8Array>()
  const photos: PhotoDecoder = () => {
    begun.resolve()
    return decoded.promise
  }
  const { drain, served } = await serve(queue, { photos })
  const one = job(9, { input: { kind: 'image', type: 'jpeg', encoding: 'base64' } })
  await enqueue(queue, [one])
  await begun.promise
  await drain(AbortSignal.abort())
  expect(await queue.producer.read(one.id)).toMatchObject({ status: 'queued' })
  decoded.resolve(Buffer.alloc(12, 9))
  await served.finished
})

test('a job whose deadline passes while its batch is loaded never reaches the model; its neighbour does', async () => {
  const queue = await testQueue()
  const [begun, decoded] = [Promise.withResolvers<void>(), Promise.withResolvers<Uint8Array>()]
  const photos: PhotoDecoder = () => {
    begun.resolve()
    return decoded.promise
  }
  let ahead = 0
  const elapsed = () => performance.now() + ahead
  const photo = job(9, {
    input: { kind: 'image', type: 'jpeg', encoding: 'base64' },
    deadlineMs: 3_600_000,
  })
  const settled = await enqueue(queue, [job(1, { deadlineMs: 300_000 }), photo])
  const { batches, failed } = await serve(queue, { photos, elapsed, padded: true })
  await begun.promise
  ahead = 600_000
  decoded.resolve(Buffer.alloc(12, 9))
  expect((await settled()).map(outcome)).toEqual(['job-expired', [9, 9, 9]])
  expect(batches).toEqual([[1, 1]])
  expect(failed.map(([failure]) => failure)).toEqual(['job-expired'])
})

test('a job whose deadline passes behind a slow run ends as expired, and never reaches the model', async () => {
  const queue = await testQueue()
  const { batches } = await serve(queue, { graph: slowOnBright, maxBatchSize: 1 })
  await (await enqueue(queue, [job(1)]))()
  const settled = await enqueue(queue, [job(255), job(2, { deadlineMs: 150 }), job(3)])
  expect((await settled()).map(outcome)).toEqual([[255, 255, 255], 'expired', [3, 3, 3]])
  expect(batches).toEqual(Array(3).fill([1, 1]))
})

test.each([
  ['served before a stop', undefined],
  ['given back where a stop has no time', AbortSignal.abort()],
])('what came with one answer and is more than a pool has memory for is %s', async (_, deadline) => {
  const { url } = await ownRedis()
  const queue = await testQueue({}, url)
  const { redis, keys } = queue
  const pixels = [255, 1, 2, 3, 4, 5]
  const jobs = pixels.map((pixel, i) => job(pixel, { priority: PRIORITIES[i % 3] as Priority }))
  const settled = await enqueue(queue, jobs)
  const handOut = await putAside(queue, jobs)
  const { drain, poolId } = await serve(queue, { url, graph: slowOnBright, maxBatchSize: 1 })
  await handOut(poolId)
  while ((await redis.hget(keys.job(MODEL, jobs[0]?.id ?? ''), 'status')) !== 'processing');
  await drain(deadline)
  if (deadline) await serve(queue, { url })
  expect((await settled()).map(outcome)).toEqual(pixels.map((pixel) => [pixel, pixel, pixel]))
})

test('a version that is to go serves what is in its queue, then ends', async () => {
  const queue = await testQueue()
  const { served } = await serve(queue, { maxBatchSize: 4 })
  const jobs = Array.from({ length: 10 }, (_, i) => job(i))
  const settled = await enqueue(queue, jobs)
  await served.drainQueue()
  expect((await settled()).map(outcome)).toEqual(Array.from({ length: 10 }, (_, i) => [i, i, i]))
})

test('a batch size and delay that are steered still serve every job', async () => {
  const queue = await testQueue({ maxBacklog: 1_000 })
  const settled = await enqueue(
    queue,
    Array.from({ length: 450 }, (_, i) => job(i % 256)),
  )
  await serve(queue, { serving: { target_p99_ms: 50 } })
  expect((await settled()).every((one) => one?.status === 'succeeded')).toBe(true)
})
