import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { Job } from '../../shared/job.ts'
import { DEADLY_PIXEL } from '../support/deadly-pixel.ts'
import { MODEL, newJob, newJobs, PoolQueue } from '../support/pool-queue.ts'

/** Short, so that tests are. */
const LEASE = { LEASE_SECONDS: '1' }
const DEADLY = fileURLToPath(new URL('../support/deadly-process.ts', import.meta.url))

const deadly = () => newJob(1, { payload: Buffer.alloc(224 * 224 * 3, DEADLY_PIXEL).toString('base64') })

test('a job that kills its process ends among the dead letters after its attempts, and takes nobody with it', async () => {
  const queue = await PoolQueue.open()
  const jobs = [...newJobs(3), deadly(), ...newJobs(6)]
  const { settled } = await queue.enqueue(jobs)
  let attempts = 0
  let over = false
  const keepPool = async (): Promise<void> => {
    const pool = await queue.startPool({ ...LEASE, NODE_OPTIONS: `--import=${DEADLY}` })
    await pool.endedByItself
    if (over) return
    attempts++
    return keepPool()
  }
  void keepPool()
  onTestFinished(() => {
    over = true
  })
  const ends = await settled
  over = true
  expect(ends.map(({ status, error }) => error ?? status)).toEqual([
    ...Array(3).fill('succeeded'),
    'attempts-exhausted',
    ...Array(6).fill('succeeded'),
  ])
  expect(attempts).toBe(3)
  expect(await queue.redis.xlen(queue.keys.dead(MODEL))).toBe(1)
})

test('what a pool held when it was killed is served by another, each job once', async () => {
  const queue = await PoolQueue.open()
  const first = await queue.startPool(LEASE)
  const jobs = newJobs(8)
  const { settled } = await queue.enqueue(jobs)
  while ((await queue.inFlight()) === 0);
  await first.kill()
  await queue.startPool(LEASE)
  expect((await settled).map(({ status }) => status)).toEqual(Array(8).fill('succeeded'))
  expect(await queue.inFlight()).toBe(0)
})

test('a pool that stood still past its lease does no harm when it goes on: its results are refused', async () => {
  const queue = await PoolQueue.open()
  const still = await queue.startPool({ ...LEASE, LOG_LEVEL: 'debug' })
  const jobs = newJobs(6)
  const { settled } = await queue.enqueue(jobs)
  while ((await queue.inFlight()) === 0);
  process.kill(still.pid, 'SIGSTOP')
  await queue.startPool(LEASE)
  const ends = await settled
  expect(ends.map(({ status }) => status)).toEqual(Array(6).fill('succeeded'))
  process.kill(still.pid, 'SIGCONT')
  const { settled: more } = await queue.enqueue(newJobs(4))
  expect((await more).map(({ status }) => status)).toEqual(Array(4).fill('succeeded'))
  // But for when each was read.
  const untimed = (all: Job[]) => all.map((job) => ({ ...job, read_at: 0 }))
  expect(untimed(await queue.read(jobs))).toEqual(untimed(ends))
})
