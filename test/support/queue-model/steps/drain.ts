import assert from 'node:assert/strict'
import type { History, Pool } from '../history.ts'
import { isOpen, type ModelJob } from '../model/queue-model.ts'
import { readJob } from './caller-steps.ts'
import { lapseLeases, takeOverLeases } from './lease-steps.ts'
import { passDeadlineOf } from './misfortune-steps.ts'
import { claimJobs, settleJobs, takeJobs } from './pool-steps.ts'

const MAX = 100
const ONCE = { alone: false, answerLost: false }

/** In the end, all pools have died, and one that is well serves what is left: then all jobs have ended, and nothing is left of them. */
export async function drain(history: History): Promise<void> {
  const { model, pools } = history
  const dead = pools.slice()
  const pool = await history.newPool()
  pools.push(pool)
  for (const owner of new Set(model.entries.flatMap((entry) => entry.owner ?? [])))
    await lapseLeases(history, owner)
  await history.check()
  await serveUntilEmpty(history, pool)
  // With a job that has expired, those that followed it come to be run.
  await lateResults(history, dead)
  await serveUntilEmpty(history, pool)
  for (const job of model.jobs.filter(isOpen)) await expectExcused(history, job)
  for (const job of model.jobs) await readJob(history, job)
  assert.ok(!model.jobs.some((job) => isOpen(job) && !job.deadlinePassed), 'all jobs have ended')
}

/** Each look either empties the queues, or ends a job at least. */
async function serveUntilEmpty(history: History, pool: Pool): Promise<void> {
  const { model } = history
  for (let looks = model.jobs.length; looks >= 0 && model.entries.length > 0; looks--)
    await serveAll(history, pool)
  assert.deepEqual(model.entries, [], 'what is left in the queues')
}

async function serveAll(history: History, pool: Pool): Promise<void> {
  const { model: own } = pool
  await takeOverLeases(history, pool, MAX, false)
  await history.check()
  await takeJobs(history, pool, { max: MAX, lost: false })
  await claimJobs(history, pool, own.handed.slice(), ONCE)
  await history.check()
  await settleJobs(history, pool, own.claims.slice(), 'succeeded', false)
  await history.check()
  while (own.lone.length > 0) {
    await claimJobs(history, pool, own.lone.slice(0, 1), { ...ONCE, alone: true })
    await settleJobs(history, pool, own.claims.slice(), 'succeeded', false)
    await history.check()
  }
}

/** Pools that had only stood still tell their results after all. */
async function lateResults(history: History, pools: readonly Pool[]): Promise<void> {
  for (const pool of pools) {
    await settleJobs(history, pool, [...pool.model.claims, ...pool.model.past], 'succeeded', false)
    await history.check()
  }
}

/** It is in no queue, which only a deadline or a loss of data excuses: then its deadline ends it. */
async function expectExcused(history: History, job: ModelJob): Promise<void> {
  const { facts } = history
  const runs = job.follows ?? job
  const excused = job.deadlinePassed || facts.forgotten.has(runs.id) || facts.cutOff.has(runs.entry?.id ?? '')
  assert.ok(excused, `job ${history.model.jobs.indexOf(job)} was never run`)
  if (!job.deadlinePassed) await passDeadlineOf(history, job)
  await history.check()
}
