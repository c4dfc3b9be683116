import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { example } from '../support/photos.ts'
import { type PredictOptions, type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'
import { MASTER_SECRET, verifiedMessage } from '../support/webhook-jobs.ts'
import { type Received, WebhookReceiver } from '../support/webhook-receiver.ts'

const MINUTE_MS = 60_000
const RESULT_TTL_SECONDS = 3

/** The same photo is run anew. */
const NO_STORE = { 'cache-control': 'no-store' }

/** Settings of a process whose clock is off by so much. */
const clockOff = (ms: number) => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(PROJECT_ROOT, 'test/support/shifted-clock.ts'))}`,
  CLOCK_SHIFT_MS: String(ms),
})

describe.each([
  ['10 minutes fast, and a pool 10 minutes slow', 10 * MINUTE_MS],
  ['10 minutes slow, and a pool 10 minutes fast', -10 * MINUTE_MS],
])('with an edge that is %s', (_, shiftMs) => {
  let stack: TestStack
  let startedAt: number
  beforeAll(async () => {
    // Edges on Workers have no clock of their own that could be set.
    stack = await testStack({
      edgeRuntime: 'node',
      edgeBindings: {
        ...clockOff(shiftMs),
        ...{ RESULT_TTL_SECONDS: String(RESULT_TTL_SECONDS), CACHE_TTL_SECONDS: '300' },
        WEBHOOK_ALLOW_PRIVATE: 'true',
      },
      poolEnv: {
        ...clockOff(-shiftMs),
        LEASE_SECONDS: '2',
        ...{ WEBHOOK_SECRET: MASTER_SECRET, WEBHOOK_ALLOW_PRIVATE: 'true' },
      },
    })
    startedAt = await redisTime()
  })
  afterAll(() => stack?.close())

  /** The only clock that counts, in ms. */
  const redisTime = async () => {
    const [seconds, microseconds] = await stack.redis.time()
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  }
  const predict = ({ headers, ...options }: PredictOptions = {}) =>
    stack.predict(example('cat.jpg'), { headers: headers ?? NO_STORE, ...options })
  const jobOf = async (response: Response) => (await response.json()) as PublicJob
  const time = (text: string | null | undefined) => Date.parse(text ?? '')
  /** What a pool that is halted does not run. */
  const whileThePoolIsHalted = async <T>(act: () => Promise<T>): Promise<T> => {
    const pid = stack.pools[0]?.pid as number
    process.kill(pid, 'SIGSTOP')
    return act().finally(() => process.kill(pid, 'SIGCONT'))
  }

  test('they are: each says so in its log', async () => {
    for (const [name, off] of [
      ['edge', shiftMs],
      ['worker-pool-1', -shiftMs],
    ] as const) {
      const file = name === 'edge' ? 'edge.log' : `${name}.log`
      const [first = ''] = (await readFile(join(stack.folder, file), 'utf8')).split('\n')
      const said = (JSON.parse(first) as { time: number }).time
      expect(Math.abs(said - (startedAt + off))).toBeLessThan(5 * MINUTE_MS)
    }
  })

  test('who waits has the result, and all times are those of Redis', async () => {
    const before = await redisTime()
    const response = await predict({ headers: { ...NO_STORE, prefer: 'wait=60' } })
    expect(response.status).toBe(200)
    const job = await jobOf(response)
    expect(job.status).toBe('succeeded')
    const times = [
      before,
      time(job.created_at),
      time(job.started_at),
      time(job.completed_at),
      await redisTime(),
    ]
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(job.metrics.queue_ms).toBe((times[2] as number) - (times[1] as number))
  })

  test('a job is late when its deadline has passed, and not sooner or later for anybody who waits', async () => {
    const response = await whileThePoolIsHalted(() =>
      predict({ headers: { ...NO_STORE, prefer: 'wait=60', 'cancel-after': '2s' } }),
    )
    const after = await redisTime()
    const job = await jobOf(response)
    expect([response.status, job.status]).toEqual([200, 'expired'])
    expect(time(job.completed_at) - time(job.created_at)).toBe(2_000)
    expect(after).toBeGreaterThanOrEqual(time(job.completed_at))
  })

  test('one that waits says when to come back', async () => {
    await whileThePoolIsHalted(async () => {
      const response = await predict({ headers: { ...NO_STORE, prefer: 'respond-async' } })
      expect(response.status).toBe(202)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    })
  })

  test('a result is there as long as promised, and then it is said that it was', async () => {
    const job = await jobOf(await predict())
    let response = await stack.get(`/result/${job.id}`)
    expect(response.status).toBe(200)
    while (response.status === 200) response = await stack.get(`/result/${job.id}`)
    expect(await redisTime()).toBeGreaterThanOrEqual(time(job.completed_at) + 1000 * RESULT_TTL_SECONDS)
    expect([response.status, await response.json()]).toMatchObject([410, { code: 'result-expired' }])
  })

  test('an Idempotency-Key and the cache know what was before', async () => {
    const headers = { ...NO_STORE, 'idempotency-key': crypto.randomUUID() }
    const [first, again] = [await jobOf(await predict({ headers })), await jobOf(await predict({ headers }))]
    expect(again.id).toBe(first.id)

    const cached = () => predict({ headers: {} })
    await cached()
    // On a machine that is busy, the result that was there may be gone by now; then this one takes its place.
    while ((await cached()).headers.get('x-cache') !== 'hit');
  })

  test('a key has its rate: what is over it is told to come back within its window', async () => {
    const key = await storeApiKey(stack, { rate: { limit: 1, window_seconds: 60 } })
    const headers = { ...NO_STORE, ...key.headers }
    expect((await predict({ headers })).status).toBe(200)
    const refused = await predict({ headers })
    expect(refused.status).toBe(429)
    const left = /;t=(\d+)$/.exec(refused.headers.get('ratelimit') ?? '')?.[1]
    for (const seconds of [Number(refused.headers.get('retry-after')), Number(left)]) {
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThanOrEqual(60)
    }
  })

  test('a key is good until its end, and not after it', async () => {
    const endingIn = async (ms: number) => {
      const expires_at = new Date((await redisTime()) + ms).toISOString()
      const { headers } = await storeApiKey(stack, { expires_at })
      return fetch(`${stack.edge.url}/models`, { headers })
    }
    expect((await endingIn(5 * MINUTE_MS)).status).toBe(200)
    expect((await endingIn(-1)).status).toBe(401)
  })

  test('a webhook is believed by its receiver, who takes none that is five minutes old', async () => {
    const receiver = await WebhookReceiver.start()
    const key = await storeApiKey(stack)
    const received = Promise.withResolvers<Received>()
    receiver.answer = (response, request) => {
      response.writeHead(204).end()
      received.resolve(request)
    }
    const query = `?webhook_url=${encodeURIComponent(receiver.origin)}`
    const job = await jobOf(await predict({ query, headers: { ...NO_STORE, ...key.headers } }))
    expect(await verifiedMessage(await received.promise, key.id)).toMatchObject({ data: { id: job.id } })
  })

  test('the pool is known to have started when that was', async () => {
    const { pools } = (await (await stack.get('/stats')).json()) as PublicStats
    expect(time(pools[0]?.started_at)).toBeGreaterThan(startedAt - MINUTE_MS)
    expect(time(pools[0]?.started_at)).toBeLessThanOrEqual(startedAt)
  })

  test('what a pool held that has died is taken over by another', async () => {
    const next = await stack.addPool()
    const dying = stack.pools[0]?.pid as number
    process.kill(dying, 'SIGSTOP')
    process.kill(next.pid, 'SIGSTOP')
    const jobs = await Promise.all(
      Array.from({ length: 4 }, async () =>
        jobOf(await predict({ headers: { ...NO_STORE, prefer: 'respond-async' } })),
      ),
    )
    // Each pool that waits is handed a job when one comes, halted or not.
    await stack.pools[0]?.kill()
    process.kill(next.pid, 'SIGCONT')
    const ends = jobs.map(async ({ id }) => jobOf(await stack.get(`/result/${id}?wait=60`)))
    expect((await Promise.all(ends)).map(({ status }) => status)).toEqual(jobs.map(() => 'succeeded'))
  })
})
