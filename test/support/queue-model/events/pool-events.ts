import * as fc from 'fast-check'
import { among, answerLost, event, which } from '../event.ts'
import type { History, Pool } from '../history.ts'
import type { ModelClaim, PoolModel } from '../model/pool-model.ts'
import { renewLeases, retryJobs, takeOverLeases } from '../steps/lease-steps.ts'
import { claimJobs, releaseJobs, settleJobs, takeJobs } from '../steps/pool-steps.ts'

/** Which of what a pool has, by bits: half a batch, for example. */
const some = fc.nat(15).map((bits) => 15 - bits)
const made = fc.constantFrom('succeeded' as const, 'failed' as const)
const max = fc.integer({ min: 1, max: 3 })

interface PoolArgs {
  pool: number
}

const anyPool = ({ pools }: History, { pool }: PoolArgs) => among(pools, pool)
/** A pool that has such things. */
const poolWith = (things: (model: PoolModel) => readonly unknown[]) => (history: History, args: PoolArgs) =>
  among(
    history.pools.filter(({ model }) => things(model).length > 0),
    args.pool,
  )
const someOf = <T>(all: readonly T[], bits: number) => all.filter((_, i) => (bits >> (i % 4)) & 1)

export const taking = event(
  'take',
  fc.record({ pool: which, max, byQuota: fc.boolean(), lost: answerLost }),
  anyPool,
  (history, pool, { byQuota, lost, ...args }) =>
    takeJobs(
      history,
      pool,
      byQuota ? { quotas: { high: 1, normal: 1, low: 1 }, max: 3, lost } : { ...args, lost },
    ),
)

export const claiming = event(
  'claim',
  fc.record({ pool: which, some, alone: fc.nat(4).map((one) => one === 4), answerLost }),
  poolWith(({ handed }) => handed),
  (history, pool, args) => claimJobs(history, pool, someOf(pool.model.handed, args.some), args),
)

export const claimingAlone = event(
  'claimAlone',
  fc.record({ pool: which, which, answerLost }),
  poolWith(({ lone }) => lone),
  async (history, pool, args) => {
    const entry = among(pool.model.lone, args.which)
    if (entry) await claimJobs(history, pool, [entry], { alone: true, answerLost: args.answerLost })
  },
)

export const settling = event(
  'settle',
  fc.record({ pool: which, some, made, answerLost }),
  poolWith(({ claims }) => claims),
  (history, pool, args) =>
    settleJobs(history, pool, someOf(pool.model.claims, args.some), args.made, args.answerLost),
)

export const settlingAgain = event(
  'settleAgain',
  fc.record({ pool: which, which, made }),
  poolWith(({ past }) => past),
  async (history, pool, args) => {
    const claim = among(pool.model.past, args.which)
    if (claim) await settleJobs(history, pool, [claim], args.made, false)
  },
)

type GivenUp = (
  history: History,
  pool: Pool,
  claims: readonly ModelClaim[],
  answerLost: boolean,
) => Promise<void>

const givingUp = (name: string, run: GivenUp) =>
  event(
    name,
    fc.record({ pool: which, some, answerLost }),
    poolWith(({ claims }) => claims),
    (history, pool, args) => run(history, pool, someOf(pool.model.claims, args.some), args.answerLost),
  )

export const releasing = givingUp('release', releaseJobs)
export const retrying = givingUp('retry', retryJobs)

/** All of it in a row. */
export const serving = event('serve', fc.record({ pool: which }), anyPool, async (history, pool) => {
  await takeJobs(history, pool, { max: 2, lost: false })
  await history.check()
  await claimJobs(history, pool, pool.model.handed.slice(), { alone: false, answerLost: false })
  await history.check()
  await settleJobs(history, pool, pool.model.claims.slice(), 'succeeded', false)
})

export const renewing = event('renew', fc.record({ pool: which }), anyPool, renewLeases)

export const takingOver = event(
  'takeOver',
  fc.record({ pool: which, max, renews: fc.boolean(), answerLost }),
  anyPool,
  async (history, pool, args) => {
    if (args.renews) await renewLeases(history, pool)
    await takeOverLeases(history, pool, args.max, args.answerLost)
  },
)
