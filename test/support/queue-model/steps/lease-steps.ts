import assert from 'node:assert/strict'
import { QUEUE_GROUP } from '../../../../shared/redis-keys.ts'
import { QUEUE } from '../../queue.ts'
import type { History, Pool } from '../history.ts'
import { type ModelTaken, renew, retry, takeOver } from '../model/leases.ts'
import { lapse } from '../model/misfortunes.ts'
import type { ModelClaim } from '../model/pool-model.ts'
import { add, handedOut, retire } from './pool-steps.ts'

/** Far longer than a history takes. */
const IDLE_MS = 3_600_000

/** A session's thread has died with these. */
export async function retryJobs(
  history: History,
  pool: Pool,
  claims: readonly ModelClaim[],
  answerLost: boolean,
): Promise<void> {
  if (claims.length === 0) return
  pool.redis.losesAnswer = answerLost
  const jobs = claims.map((claim) => claim.real)
  const real = await pool.consumer.leases.retry(QUEUE, jobs, 'instance-lost')
  if (answerLost) retry(history.model, pool.model, claims)
  const expected = retry(history.model, pool.model, claims)
  expectSame(history, { entries: [], ...real }, expected)
  add(pool.model.lone, expected.lone)
  retire(pool.model, claims)
}

export async function renewLeases(history: History, pool: Pool): Promise<void> {
  await pool.consumer.leases.renew(QUEUE)
  renew(history.model, pool.model)
}

export async function takeOverLeases(
  history: History,
  pool: Pool,
  max: number,
  answerLost: boolean,
): Promise<void> {
  pool.redis.losesAnswer = answerLost
  // Consumers that hold nothing are forgotten meanwhile, which nobody must notice.
  const options = { idleMs: IDLE_MS, silenceMs: IDLE_MS, max, removeIdleMs: 1 }
  const real = await pool.consumer.leases.takeOver(QUEUE, options)
  if (answerLost) takeOverUnnoticed(history, pool, max)
  const expected = takeOver(history.model, pool.model, max)
  expectSame(history, real, expected)
  add(pool.model.handed, expected.entries)
  add(pool.model.lone, expected.lone)
}

/** The pool does not learn what it was given, nor where to go on. */
function takeOverUnnoticed({ model }: History, { model: pool }: Pool, max: number): void {
  const before = { held: [...pool.held], cursors: { ...pool.cursors } }
  takeOver(model, pool, max)
  pool.held.clear()
  for (const entry of before.held) pool.held.add(entry)
  Object.assign(pool.cursors, before.cursors)
}

function expectSame(
  history: History,
  real: Awaited<ReturnType<Pool['consumer']['leases']['takeOver']>>,
  expected: ModelTaken,
): void {
  const lone = real.lone.map((one) => one.handedOut)
  assert.deepEqual(
    { entries: real.entries, lone, dead: real.dead },
    {
      entries: expected.entries.map(handedOut),
      lone: expected.lone.map(handedOut),
      dead: expected.dead.map(({ id }) => id),
    },
    'what is to be run again',
  )
  for (const [what, items] of Object.entries(expected)) if (items.length > 0) history.saw(`again: ${what}`)
}

/** A pool is gone, and another has come. */
export async function crash(history: History, i: number): Promise<void> {
  history.pools[i]?.reader.close()
  history.pools[i] = await history.newPool()
}

/** Nothing has been heard of a consumer for longer than a lease. */
export async function lapseLeases({ model, connections, keys }: History, owner: string): Promise<void> {
  lapse(model, owner)
  const calls = connections.redis.pipeline()
  for (const { queue, id } of model.entries.filter((entry) => entry.owner === owner))
    calls.xclaim(keys.queue(QUEUE, queue), QUEUE_GROUP, owner, 0, id, 'IDLE', 2 * IDLE_MS, 'JUSTID')
  await calls.exec()
}
