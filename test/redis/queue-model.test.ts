import { expect, test } from 'vitest'
import { ownRedis } from '../support/own-redis.ts'
import { checkHistories } from '../support/queue-model/check-histories.ts'

/** The same histories every time; `npm run check:queue` makes others. */
const SEED = 1
const RUNS = 200

/** A check in which these do not come to pass would show little. */
const OUTCOMES = [
  ...['queued', 'exists', 'replayed', 'idempotency-mismatch', 'hit', 'joined', 'full'].map(
    (one) => `enqueue: ${one}`,
  ),
  ...['granted', 'not granted'].map((one) => `claim: ${one}`),
  ...['succeeded', 'failed', 'expired', 'canceled', 'stale', 'gone'].map((one) => `settle: ${one}`),
  ...['queued', 'stale'].map((one) => `release: ${one}`),
  ...['entries', 'lone', 'dead'].map((one) => `again: ${one}`),
  ...['canceled', 'expired', 'of a job that is followed'].map((one) => `cancel: ${one}`),
  'deadline: of a job that is followed',
]

test('whatever comes to pass, and in whatever order, Redis holds what the model of the queue says, and each job ends once', async () => {
  const { url } = await ownRedis()
  const { failure, seen } = await checkHistories({ url, runs: RUNS, seed: SEED, shrinks: false })
  if (failure !== undefined) expect.fail(failure)
  expect(OUTCOMES.filter((outcome) => !seen.has(outcome))).toEqual([])
})
