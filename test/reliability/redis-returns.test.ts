import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { newJobId } from '../../shared/job-id.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'

let redis: OwnRedis
let stack: TestStack
beforeAll(async () => {
  redis = await startOwnRedis()
  stack = await testStack({ redisUrl: redis.url })
})
afterAll(async () => {
  await stack?.close()
  await redis?.stop()
})

/** A process that is stopped takes connections, as its kernel does for it, and never answers. */
const hanging = (pid: () => number) => ({
  leave: async () => void process.kill(pid(), 'SIGSTOP'),
  comeBack: async () => void process.kill(pid(), 'SIGCONT'),
})

test.each([
  [
    'a Redis that is gone, and comes back empty',
    {
      leave: () => redis.stop(),
      comeBack: async () => {
        redis = await startOwnRedis(Number(new URL(redis.url).port))
      },
    },
  ],
  ['a Redis that hangs', hanging(() => redis.pid)],
  ['a gateway that hangs', hanging(() => stack.gateway.service.pid)],
])(
  '%s: callers are told so, and then all goes on with nothing started anew',
  async (_, { leave, comeBack }) => {
    await untilPredicted()
    await leave()
    try {
      const id = newJobId(MODEL)
      const answers = await Promise.all([
        stack.predict(example('cat.jpg')),
        stack.get(`/result/${id}?wait=60`),
        fetch(`${stack.edge.url}/result/${id}`, { method: 'DELETE' }),
        stack.get('/stats'),
      ])
      for (const answer of answers) {
        expect(await answer.json()).toMatchObject({ code: 'queue-unavailable', retryable: true })
        expect(answer.status).toBe(503)
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      }
      while ((await stack.get('/ready')).status !== 503);
      expect((await stack.get('/health')).status).toBe(200)
    } finally {
      await comeBack()
    }
    await untilPredicted()
    while ((await stack.get('/ready')).status !== 200);
    const stillRuns = Symbol()
    expect(await Promise.race([stack.endedByItself, stillRuns])).toBe(stillRuns)
  },
)

/** Gateway and pool look for Redis at their own pace; the test's time limit is all that bounds it. */
async function untilPredicted(): Promise<void> {
  for (;;) {
    const response = await stack.predict(example('cat.jpg'))
    const { status } = (await response.json()) as Partial<PublicJob>
    if (response.status === 200 && status === 'succeeded') return
    expect([202, 503]).toContain(response.status)
  }
}
