import assert from 'node:assert/strict'
import type { HandedOut, JobResult } from '../../../../shared/job-queue.ts'
import { QUEUE } from '../../queue.ts'
import type { History, Pool } from '../history.ts'
import type { End } from '../model/ends.ts'
import { type ModelClaim, type PoolModel, type Taking, take } from '../model/pool-model.ts'
import type { ModelEntry } from '../model/queue-model.ts'
import { claim, release, settle } from '../model/serving.ts'

export type Made = 'succeeded' | 'failed'

export async function takeJobs(history: History, pool: Pool, taking: Taking): Promise<void> {
  const { max, quotas, lost } = taking
  pool.redis.losesAnswer = lost
  const { entries, isAll } = await (quotas ? pool.reader.takeByQuota(quotas) : pool.reader.take(max, 0))
  pool.redis.losesAnswer = false
  const expected = take(history.model, pool.model, taking)
  assert.deepEqual(entries, expected.map(handedOut), 'what is handed out')
  if (isAll)
    assert.ok(
      history.model.entries.every(({ owner }) => owner !== undefined),
      'there was more than all',
    )
  add(pool.model.handed, expected)
  history.saw(entries.length > 0 ? 'take: jobs' : 'take: nothing')
}

export interface Claiming {
  alone: boolean
  answerLost: boolean
}

export async function claimJobs(
  history: History,
  pool: Pool,
  entries: readonly ModelEntry[],
  { alone, answerLost }: Claiming,
): Promise<void> {
  if (entries.length === 0) return
  const { model, keys, connections } = history
  pool.redis.losesAnswer = answerLost
  const real = await pool.consumer.claim(QUEUE, entries.map(handedOut), { alone })
  if (answerLost) claim(model, pool.model, entries, alone)
  const expected = claim(model, pool.model, entries, alone)
  const attempts = expected.map((outcome) => (outcome === 'lone' ? undefined : outcome))
  assert.deepEqual(
    real.jobs.map((job) => job?.attempt),
    attempts,
    'attempts of what is claimed',
  )
  const lone = entries.filter((_, i) => expected[i] === 'lone')
  assert.deepEqual(
    real.lone.map((one) => one.handedOut),
    lone.map(handedOut),
    'what is to be claimed alone',
  )
  const inputs = await connections.redis.mget(entries.map(({ job }) => keys.input(QUEUE.model, job.id)))
  for (const [i, entry] of entries.entries()) {
    const job = real.jobs[i]
    const photo = inputs[i] ?? undefined
    if (job) pool.model.claims.push({ job: entry.job, entry, attempt: job.attempt, real: job, photo })
    history.saw(`claim: ${typeof expected[i] === 'number' ? 'granted' : (expected[i] ?? 'not granted')}`)
  }
  leave(pool.model.handed, entries)
  leave(pool.model.lone, entries)
  add(pool.model.lone, lone)
}

/** A pool tells what it has made of jobs; of one without an input, that there was none. */
export async function settleJobs(
  history: History,
  pool: Pool,
  claims: readonly ModelClaim[],
  made: Made,
  answerLost: boolean,
): Promise<void> {
  if (claims.length === 0) return
  const { model, facts } = history
  const settlements = claims.map((claim) => ({ claim, end: endOf(claim, made) }))
  for (const { claim, end } of settlements)
    if (end.error === 'inference-failed') facts.failed.add(claim.job.submission.job.payload)
  pool.redis.losesAnswer = answerLost
  const real = await pool.consumer.settle(
    QUEUE,
    settlements.map(({ claim, end }) => ({ job: claim.real, result: resultOf(end) })),
  )
  if (answerLost) settle(model, pool.model, settlements)
  assert.deepEqual(real, settle(model, pool.model, settlements), 'outcomes of settlements')
  retire(pool.model, claims)
  for (const outcome of real) history.saw(`settle: ${outcome}`)
}

export async function releaseJobs(
  history: History,
  pool: Pool,
  claims: readonly ModelClaim[],
  answerLost: boolean,
): Promise<void> {
  if (claims.length === 0) return
  pool.redis.losesAnswer = answerLost
  const real = await pool.consumer.release(
    QUEUE,
    claims.map((claim) => claim.real),
  )
  if (answerLost) release(history.model, pool.model, claims)
  assert.deepEqual(real, release(history.model, pool.model, claims), 'outcomes of releases')
  retire(pool.model, claims)
  for (const outcome of real) history.saw(`release: ${outcome}`)
}

/** It has told what became of these. */
export function retire(pool: PoolModel, claims: readonly ModelClaim[]): void {
  pool.claims = pool.claims.filter((claim) => !claims.includes(claim))
  pool.past.push(...claims.filter((claim) => !pool.past.includes(claim)))
}

export function handedOut({ id, job, queue }: ModelEntry): HandedOut {
  return { entry: id, id: job.id, priority: queue }
}

/** A pool takes up an entry once. */
export function add(to: ModelEntry[], entries: readonly ModelEntry[]): void {
  to.push(...entries.filter((entry) => !to.includes(entry)))
}

function leave(from: ModelEntry[], entries: readonly ModelEntry[]): void {
  const left = from.splice(0).filter((entry) => !entries.includes(entry))
  from.push(...left)
}

function endOf({ photo }: ModelClaim, made: Made): End {
  if (photo === undefined) return { status: 'failed', error: 'unreadable-input' }
  return made === 'failed'
    ? { status: 'failed', error: 'inference-failed' }
    : { status: 'succeeded', label: photo }
}

function resultOf({ label, error }: End): JobResult {
  if (label === undefined)
    return { status: 'failed', code: error === 'inference-failed' ? 'inference-failed' : 'unreadable-input' }
  const predictions = [{ label, probability: 1, index: 0 }]
  return {
    status: 'succeeded',
    output: { kind: 'predictions', predictions },
    ...{ modelVersion: QUEUE.version, predictMs: 1, batchSize: 1 },
  }
}
