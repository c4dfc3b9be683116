import { describe, expect, onTestFinished, test } from 'vitest'
import { RedisRest } from '../../edge/redis-rest.ts'
import { systemClock } from '../../shared/clock.ts'
import type { DeadLetter, DeadLetterPlace } from '../../shared/dead-letters.ts'
import { newJobId } from '../../shared/job-id.ts'
import { DEAD_LETTERS_KEPT_MS, TOMBSTONE_MS } from '../../shared/job-lifetime.ts'
import type { JobResult } from '../../shared/job-queue.ts'
import { RedisDeadLetters } from '../../shared/redis-dead-letters.ts'
import { retryDeadLetterScript } from '../../shared/scripts/retry-dead-letter.ts'
import type { Webhook } from '../../shared/webhook.ts'
import { type DyingQueue, dyingQueue, everythingIn } from '../support/dead-letters.ts'
import { testGateway } from '../support/gateway.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, QUEUE } from '../support/queue.ts'
import { redisUrlOf } from '../support/redis-users.ts'

const succeeded: JobResult = {
  status: 'succeeded',
  output: { kind: 'predictions', predictions: [] },
  ...{ modelVersion: '1', predictMs: 1, batchSize: 1 },
}
const webhook: Webhook = {
  url: 'https://hooks.example/x',
  events: ['succeeded'],
  origin: 'https://edge.example',
}
const ALONE = { alone: true }

/** The only letter. */
async function theLetter({ letters }: DyingQueue): Promise<DeadLetter> {
  const [letter, another] = await letters.list(MODEL)
  if (!letter || another) throw new Error('there is not one letter')
  return letter
}

/** Retries the only letter; the new job's id. */
async function retryIt(queue: DyingQueue): Promise<string> {
  const retried = await queue.letters.retry(await theLetter(queue))
  if (retried.outcome !== 'retried') throw new Error(retried.outcome)
  return retried.id
}

describe('what is known of dead letters', () => {
  test('they are listed by model, newest first, with what their inputs take', async () => {
    const queue = await dyingQueue()
    const [old, young] = [await queue.die(), await queue.die({}, new Uint8Array(3_000))]
    await queue.redis.del(queue.keys.input(MODEL, old.id))
    expect(await queue.letters.list(MODEL)).toMatchObject([
      { id: young.id, inputBytes: 3_000 },
      { id: old.id, inputBytes: undefined },
    ])
    expect(await queue.letters.list('another-model')).toEqual([])
  })

  test('each says what became of its job', async () => {
    const queue = await dyingQueue()
    const { id, payload } = await queue.die()
    expect(await theLetter(queue)).toEqual({
      ...{ id, model: MODEL, modelVersion: '1', reason: 'instance-lost', attempts: 1, pool: 'dying' },
      ...{ at: (await queue.producer.read(id))?.completed_at, inputBytes: payload.length },
      ...{ entry: expect.stringMatching(/^\d+-\d+$/), fields: {} },
    })
  })

  test('one that is read by its job’s id has all that the job’s hash held', async () => {
    const queue = await dyingQueue()
    const [first] = [await queue.die({ owner: 'AbCdEf012345' }), await queue.die()]
    const { fields } = (await queue.letters.read(first.id)) ?? {}
    expect(fields).toMatchObject({
      owner: 'AbCdEf012345',
      status: 'processing',
      attempt: '1',
      dtype: 'uint8',
    })
    expect(await queue.letters.read(newJobId(MODEL))).toBeUndefined()
    expect(await queue.letters.read('no id')).toBeUndefined()
  })

  test('those of several models are told a part at a time, newest first; of one moment, by model', async () => {
    const queue = await dyingQueue()
    const add = (model: string, entry: string) =>
      queue.redis.xadd(queue.keys.dead(model), entry, 'job', newJobId(model))
    for (const entry of ['1-0', '2-0', '2-1', '9-0', '10-0']) await add('b', entry)
    for (const entry of ['2-0', '2-1', '3-0']) await add('a', entry)
    const pages: string[][] = []
    let after: DeadLetterPlace | undefined
    do {
      const page = await queue.letters.page(['b', 'none', 'a'], { limit: 3, after })
      pages.push(page.letters.map(({ model, entry }) => model + entry))
      after = page.next
    } while (after)
    expect(pages).toEqual([
      ['b10-0', 'b9-0', 'a3-0'],
      ['a2-1', 'b2-1', 'a2-0'],
      ['b2-0', 'b1-0'],
    ])
    expect(await queue.letters.page([], { limit: 3 })).toEqual({ letters: [], next: undefined })
  })

  test('what is no letter of that model is left out, and damaged fields are none', async () => {
    const queue = await dyingQueue()
    const id = newJobId(MODEL)
    await queue.redis.xadd(queue.keys.dead(MODEL), '*', 'job', newJobId('another-model'))
    await queue.redis.xadd(queue.keys.dead(MODEL), '*', 'something', 'else')
    await queue.redis.xadd(queue.keys.dead(MODEL), '*', 'job', id, 'fields', '{"a":1}')
    expect((await queue.letters.list(MODEL)).map((letter) => letter.id)).toEqual([id])
    expect((await queue.letters.read(id))?.fields).toEqual({})
  })
})

describe('a letter that is retried', () => {
  test('is another job, of the same input and options, with as much time as the first had', async () => {
    const queue = await dyingQueue()
    const options = {
      priority: 'high',
      owner: 'AbCdEf012345',
      requestId: 'first',
      traceparent: '00-a-b-01',
    } as const
    const old = await queue.die({ ...options, deadlineMs: 90_000, webhook })
    const id = await retryIt(queue)
    expect(id).not.toBe(old.id)
    const job = await queue.producer.read(id)
    if (!job) throw new Error('there is no such job')
    expect(job).toMatchObject({
      ...{
        status: 'queued',
        attempt: 0,
        model_version: '1',
        priority: 'high',
        owner: options.owner,
        webhook,
      },
      ...{ result_ttl: 60_000, deadline: job.created_at + 90_000 },
    })
    const [before, after] = await Promise.all([
      queue.producer.read(old.id),
      queue.redis.hgetall(queue.keys.job(MODEL, id)),
    ])
    expect(job.created_at).toBeGreaterThanOrEqual(before?.completed_at ?? Number.POSITIVE_INFINITY)
    expect(before).toMatchObject({ status: 'failed', error: 'attempts-exhausted' })
    expect(after).toMatchObject({
      ...{ request_id: 'first', traceparent: options.traceparent, bytes: String(old.payload.length) },
      ...{ input: 'tensor', dtype: 'uint8', shape: '2,2,3', encoding: 'base64', retry_of: old.id },
    })
    // How far the first had come, and who waited for it.
    for (const name of ['lost', 'started_at', 'pool', 'watched', 'not_before', 'error'])
      expect(after).not.toHaveProperty(name)
  })

  test('is run to success by the next pool, and has left the letters', async () => {
    const queue = await dyingQueue()
    const old = await queue.die()
    const id = await retryIt(queue)
    expect(await queue.letters.list(MODEL)).toEqual([])
    const next = await queue.consumer('next')
    const [job] = await next.claim(1, 0, ALONE)
    if (!job) throw new Error('nothing was claimed')
    expect(job).toMatchObject({ id, attempt: 1 })
    expect(Buffer.from(job.payload ?? []).toString()).toBe(old.payload)
    expect(await next.settle([{ job, result: succeeded }])).toEqual(['succeeded'])
    expect(await queue.producer.read(id)).toMatchObject({ status: 'succeeded' })
    expect(await queue.producer.read(old.id)).toMatchObject({ status: 'failed' })
    expect(await queue.redis.keys(`${queue.keys.prefix}*input*`)).toEqual([])
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
  })

  test('is claimed only by who runs it alone, at once', async () => {
    const queue = await dyingQueue()
    await queue.die()
    const id = await retryIt(queue)
    const next = await queue.consumer('next')
    const { entries } = await next.take(1, 0)
    const { jobs, lone } = await next.consumer.claim(QUEUE, entries)
    expect({ jobs, lone }).toMatchObject({ jobs: [undefined], lone: [{ handedOut: { id }, inMs: 0 }] })
    expect((await next.consumer.claim(QUEUE, entries, ALONE)).jobs).toMatchObject([{ id, attempt: 1 }])
  })

  test.each(['raw', 'base64'] as const)('has an input of any bytes as it was (%s)', async (encoding) => {
    const queue = await dyingQueue()
    const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => i % 256)
    const input = { kind: 'image', type: 'jpeg', encoding } as const
    await queue.die({ input }, bytes)
    await retryIt(queue)
    const [job] = await (await queue.consumer('next')).claim(1, 0, ALONE)
    expect(job).toMatchObject({ input })
    expect(Buffer.from(job?.payload ?? []).equals(bytes)).toBe(true)
  })

  test('tells its webhook by its deadline at the latest; without one it tells none', async () => {
    const queue = await dyingQueue()
    const [old] = [await queue.die({ webhook }), await queue.die()]
    const retried = new Map<string, string>()
    for (const letter of await queue.letters.list(MODEL)) {
      const outcome = await queue.letters.retry(letter)
      if (outcome.outcome === 'retried') retried.set(letter.id, outcome.id)
    }
    const told = retried.get(old.id) ?? ''
    const [silent = ''] = [...retried.values()].filter((id) => id !== told)
    const dueAt = (id: string) => queue.redis.zscore(queue.keys.webhooks(), id)
    expect(Number(await dueAt(told))).toBe((await queue.producer.read(told))?.deadline)
    expect(await dueAt(silent)).toBeNull()
  })

  test('is forgotten like any job', async () => {
    const queue = await dyingQueue()
    await queue.die()
    const id = await retryIt(queue)
    const { deadline = 0, result_ttl = 0 } = (await queue.producer.read(id)) ?? {}
    expect(await queue.redis.pexpiretime(queue.keys.input(MODEL, id))).toBe(deadline)
    expect(await queue.redis.pexpiretime(queue.keys.job(MODEL, id))).toBe(
      deadline + result_ttl + TOMBSTONE_MS,
    )
    expect(await queue.redis.pttl(queue.keys.queue(QUEUE))).toBeGreaterThan(0)
  })

  test('that dies again is a letter again, and says of which job it was a retry', async () => {
    const queue = await dyingQueue()
    const old = await queue.die()
    const id = await retryIt(queue)
    const claimed = await queue.pool.claim(1, 0, ALONE)
    await queue.pool.consumer.leases.retry(QUEUE, claimed, 'instance-lost')
    expect(await theLetter(queue)).toMatchObject({ id, attempts: 1 })
    expect((await queue.letters.read(id))?.fields.retry_of).toBe(old.id)
    expect(await queue.redis.pttl(queue.keys.input(MODEL, id))).toBeGreaterThan(DEAD_LETTERS_KEPT_MS - 60_000)
  })

  test('makes one job, however often and at how many places it is retried', async () => {
    const queue = await dyingQueue()
    await queue.die()
    const letter = await theLetter(queue)
    const outcomes = await Promise.all([1, 2, 3].map(() => queue.letters.retry(letter)))
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['gone', 'gone', 'retried'])
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(1)
    const retried = outcomes.find(({ outcome }) => outcome === 'retried')
    expect(await queue.producer.read(retried && 'id' in retried ? retried.id : '')).toMatchObject({
      status: 'queued',
    })
  })

  test('is retried once though the answer is lost and the call repeated', async () => {
    const queue = await dyingQueue()
    const { id, entry } = { ...(await queue.die()), ...(await theLetter(queue)) }
    const args = [queue.keys.ofModel(MODEL), entry, id, newJobId(MODEL)]
    const retry = () => queue.tcp.run(retryDeadLetterScript, [queue.keys.dead(MODEL)], args)
    expect(await retry()).toBe('retried')
    const once = await everythingIn(queue)
    expect(await retry()).toBe('retried')
    expect(await everythingIn(queue)).toEqual(once)
  })
})

describe('nothing is changed by the retry of a letter', () => {
  test('whose input has expired', async () => {
    const queue = await dyingQueue()
    const { id } = await queue.die({ webhook })
    await queue.redis.del(queue.keys.input(MODEL, id))
    const before = await everythingIn(queue)
    expect(await queue.letters.retry(await theLetter(queue))).toEqual({ outcome: 'input-expired' })
    expect(await everythingIn(queue)).toEqual(before)
  })

  test.each([
    ['no JSON', () => '{'],
    ['no object', () => '1'],
    ['of nothing', () => '{}'],
    ['not as text', (fields: object) => JSON.stringify({ ...fields, created_at: 1 })],
    ['without a time', (fields: object) => JSON.stringify({ ...fields, deadline: 'soon' })],
    ['of no priority', (fields: object) => JSON.stringify({ ...fields, priority: 'none' })],
    ['without a version', (fields: object) => JSON.stringify({ ...fields, model_version: undefined })],
  ])('whose fields are %s', async (_, damaged) => {
    const queue = await dyingQueue()
    const { id } = await queue.die()
    const { fields = {} } = (await queue.letters.read(id)) ?? {}
    await queue.redis.del(queue.keys.dead(MODEL))
    await queue.redis.xadd(queue.keys.dead(MODEL), '*', 'job', id, 'fields', damaged(fields))
    const before = await everythingIn(queue)
    expect(await queue.letters.retry(await theLetter(queue))).toEqual({ outcome: 'unreadable' })
    expect(await everythingIn(queue)).toEqual(before)
  })

  test('under the entry of another', async () => {
    const queue = await dyingQueue()
    const [first] = [await queue.die(), await queue.die()]
    const [other] = await queue.letters.list(MODEL)
    const before = await everythingIn(queue)
    const mixed = { id: first.id, entry: other?.entry ?? '' }
    expect(await queue.letters.retry(mixed)).toEqual({ outcome: 'gone' })
    expect(await queue.letters.drop(mixed)).toBe(false)
    expect(await everythingIn(queue)).toEqual(before)
  })

  test('whose queue is none', async () => {
    const queue = await dyingQueue()
    await queue.die({ webhook })
    await queue.redis.set(queue.keys.queue(QUEUE), 'no stream')
    const before = await everythingIn(queue)
    await expect(queue.letters.retry(await theLetter(queue))).rejects.toThrow('WRONGTYPE')
    expect(await everythingIn(queue)).toEqual(before)
  })

  test('in a Redis that is full; with room again it is retried', async () => {
    const queue = await dyingQueue((await ownRedis()).url)
    await queue.die({ webhook })
    const letter = await theLetter(queue)
    const before = await everythingIn(queue)
    await queue.redis.config('SET', 'maxmemory', '1')
    await expect(queue.letters.retry(letter)).rejects.toThrow('OOM')
    await queue.redis.config('SET', 'maxmemory', '0')
    expect(await everythingIn(queue)).toEqual(before)
    expect(await queue.letters.retry(letter)).toMatchObject({ outcome: 'retried' })
  })
})

describe('a letter that is dropped', () => {
  test('is gone with its input, and no other is', async () => {
    const queue = await dyingQueue()
    const [first, second] = [await queue.die(), await queue.die()]
    const [, letter] = await queue.letters.list(MODEL)
    if (!letter) throw new Error('there are not two')
    expect(await queue.letters.drop(letter)).toBe(true)
    expect((await queue.letters.list(MODEL)).map(({ id }) => id)).toEqual([second.id])
    const inputs = [first, second].map(({ id }) => queue.keys.input(MODEL, id))
    expect(await queue.redis.mget(inputs)).toEqual([null, second.payload])
    expect(await queue.letters.drop(letter)).toBe(false)
    expect(await queue.letters.retry(letter)).toEqual({ outcome: 'gone' })
  })

  test('makes room in a Redis that is full', async () => {
    const queue = await dyingQueue((await ownRedis()).url)
    await queue.die()
    await queue.redis.config('SET', 'maxmemory', '1')
    expect(await queue.letters.drop(await theLetter(queue))).toBe(true)
    expect(await queue.redis.keys(`${queue.keys.prefix}*input*`)).toEqual([])
  })
})

test('over REST all is as over TCP', async () => {
  const gateway = await testGateway(redisUrlOf('admin'))
  onTestFinished(gateway.close)
  const queue = await dyingQueue()
  const { url, token } = gateway
  const letters = new RedisDeadLetters(
    new RedisRest({ url, token, timeoutMs: 60_000 }, systemClock),
    queue.keys,
  )
  await queue.die()
  const { id, entry } = await theLetter(queue)
  expect(await letters.list(MODEL)).toEqual(await queue.letters.list(MODEL))
  expect(await letters.read(id)).toEqual(await queue.letters.read(id))
  expect(await letters.retry({ id, entry })).toMatchObject({ outcome: 'retried' })
  await queue.pool.claim(1, 0, ALONE)
  await queue.die()
  expect(await letters.drop(await theLetter(queue))).toBe(true)
  expect(await queue.letters.list(MODEL)).toEqual([])
})
