import { expect, test } from 'vitest'
import { HandClock } from '../../test/support/hand-clock.ts'
import { type FollowedJob, JobFollower, LOOK_EVERY_MS } from './job-follower.ts'

/** What has been asked for by now has been answered. */
const settled = () => new Promise(setImmediate)

/** With two streams. `log` tells what was done, in order. */
function follower() {
  const clock = new HandClock()
  const log: string[] = []
  const following = new JobFollower(2, clock)
  const start = (name: string, options: Partial<Pick<FollowedJob, 'firstLookMs' | 'look'>> = {}) => {
    const cancel = new AbortController()
    const { signal } = cancel
    const stream = Promise.withResolvers<void>()
    const job: FollowedJob = {
      ...{ firstLookMs: 0, look: async () => 1_000, signal, ...options },
      stream: () => {
        log.push(`${name} streams`)
        signal.addEventListener('abort', () => stream.reject(signal.reason))
        return stream.promise
      },
    }
    const look = job.look
    job.look = (looks) => {
      log.push(`${name} looked at`)
      return look(looks)
    }
    const done = following.follow(job).then(
      () => log.push(`${name} done`),
      (error) => log.push(`${name}: ${error.message}`),
    )
    return { done, end: stream.resolve, fail: stream.reject, cancel }
  }
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += LOOK_EVERY_MS) {
      clock.pass(LOOK_EVERY_MS)
      await settled()
    }
  }
  const told = () => log.splice(0)
  return { start, pass, told }
}

test('jobs beyond the streams are looked at, and come to their ends though no stream does', async () => {
  const { start, pass, told } = follower()
  for (const name of ['a', 'b']) start(name)
  let looks = 0
  const late = start('late', { look: async () => (++looks < 3 ? 1_000 : undefined) })
  expect(told()).toEqual(['a streams', 'b streams'])
  await pass(10_000)
  await late.done
  expect(told()).toEqual([...Array(3).fill('late looked at'), 'late done'])
})

test('no job is looked at sooner than it was said to be worth', async () => {
  const { start, pass, told } = follower()
  for (const name of ['a', 'b']) start(name)
  start('late', { firstLookMs: 2_000, look: async () => 5_000 })
  told()
  await pass(1_800)
  expect(told()).toEqual([])
  await pass(200)
  expect(told()).toEqual(['late looked at'])
  await pass(4_800)
  expect(told()).toEqual([])
  await pass(200)
  expect(told()).toEqual(['late looked at'])
})

test('looks are made one by one, at all in turn', async () => {
  const { start, pass, told } = follower()
  const answer = Promise.withResolvers<number>()
  for (const name of ['a', 'b']) start(name)
  start('c', { look: () => answer.promise })
  for (const name of ['d', 'e']) start(name, { look: async () => 0 })
  told()
  await pass(3_000)
  expect(told()).toEqual(['c looked at'])
  answer.resolve(400)
  await settled()
  await pass(1_200)
  expect(told()).toEqual(['d', 'e', 'd', 'c', 'e', 'd'].map((name) => `${name} looked at`))
})

test('a stream that ends, however it does, is at once that of the job that has waited longest', async () => {
  const { start, pass, told } = follower()
  const [a, b] = [start('a'), start('b')]
  for (const name of ['c', 'd', 'e']) start(name)
  told()
  a.end()
  await settled()
  expect(told()).toEqual(['c streams', 'a done'])
  b.fail(new Error('lost'))
  await settled()
  expect(told()).toEqual(['d streams', 'b: lost'])
  await pass(2_000)
  expect(new Set(told())).toEqual(new Set(['e looked at']))
})

test('a look that is under way when a stream is free is ended, and what it finds is nothing', async () => {
  const { start, pass, told } = follower()
  const [a] = [start('a'), start('b')]
  const answer = Promise.withResolvers<undefined>()
  let looks: AbortSignal | undefined
  const c = start('c', {
    look: (signal) => {
      looks = signal
      return answer.promise
    },
  })
  await pass(LOOK_EVERY_MS)
  expect(looks?.aborted).toBe(false)
  a.end()
  await settled()
  expect(looks?.aborted).toBe(true)
  answer.resolve(undefined)
  await settled()
  expect(told().slice(2)).toEqual(['c looked at', 'c streams', 'a done'])
  c.end()
  await c.done
  expect(told()).toEqual(['c done'])
})

test('what ended, was lost or was canceled while it waited takes no stream', async () => {
  const { start, pass, told } = follower()
  const [a] = [start('a'), start('b')]
  start('ended', { look: async () => undefined })
  start('lost', { look: () => Promise.reject(new Error('gone')) })
  const canceled = start('canceled')
  const last = start('last', { firstLookMs: 60_000 })
  told()
  await pass(400)
  canceled.cancel.abort(new Error('no more'))
  await settled()
  expect(told()).toEqual([
    ...['ended looked at', 'ended done', 'lost looked at', 'lost: gone', 'canceled: no more'],
  ])
  a.end()
  await settled()
  expect(told()).toEqual(['last streams', 'a done'])
  last.end()
  await last.done
  told()
  start('next')
  expect(told()).toEqual(['next streams'])
})

test('a job that is canceled before its turn is neither looked at nor streamed', async () => {
  const { start, pass, told } = follower()
  const [a] = [start('a'), start('b')]
  const c = start('c')
  told()
  c.cancel.abort(new Error('no more'))
  a.end()
  await pass(1_000)
  expect(told()).toEqual(['c: no more', 'a done'])
})
