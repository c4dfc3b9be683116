import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../shared/snapshot.ts'
import { HandClock } from '../../test/support/hand-clock.ts'
import { DepthReporter, type DepthReporterDeps } from './depth-reporter.ts'
import { reportRegularly } from './report-regularly.ts'

const MINUTE_MS = 60_000
/** On the full minute, and not on the tenth. */
const AT = 1_000_000 * 600_000 + 3 * MINUTE_MS
const TENTH = 1_000_001 * 600_000

function reporter(changes: Partial<DepthReporterDeps> = {}, names: string[] = ['one', 'two']) {
  const published: unknown[] = []
  const failures: object[] = []
  const calls: string[] = []
  const kept: Snapshot[] = []
  const deps: DepthReporterDeps = {
    lengths: {
      read: async () => {
        calls.push('read')
        const queues = [{ model: 'm', version: '1', jobs: 7, accepted: 70 }]
        return { nowMs: AT + 5, queues, pools: [], memory: { used: 9, max: null } }
      },
    },
    history: { record: async (snapshot) => void kept.push(snapshot) },
    destinations: names.map((name) => ({
      name,
      publish: async (depth, at) => {
        if (name === 'broken') throw new Error('it said no')
        published.push({ name, depth, at })
      },
    })),
    ...{ keptWarmSeconds: 600, everyMs: MINUTE_MS, logFailure: (failure) => failures.push(failure) },
    ...changes,
  }
  return { report: (at = AT) => new DepthReporter(deps).report(at), published, failures, calls, kept }
}

describe('a report', () => {
  test('tells every cloud the depth, with the time it was due', async () => {
    const { report, published, failures } = reporter()
    expect(await report()).toEqual([])
    const depth = { total: 7, byModel: { m: 7 } }
    expect(published).toEqual([
      { name: 'one', depth, at: AT },
      { name: 'two', depth, at: AT },
    ])
    expect(failures).toEqual([])
  })

  test('reaches the others where one cloud fails, and says which', async () => {
    const { report, published, failures } = reporter({}, ['broken', 'two'])
    expect(await report()).toEqual(['broken'])
    expect(published).toMatchObject([{ name: 'two' }])
    expect(failures).toEqual([
      { message: 'could not report the queue depth', part: 'broken', reason: 'it said no' },
    ])
  })

  test('is kept for the history as it was read, with what Redis takes, by the clock of Redis', async () => {
    const { report, kept } = reporter()
    await report()
    expect(kept).toMatchObject([
      {
        ...{ at: AT + 5, backlog: 7, memory: { used: 9, max: null }, deadLetters: null },
        versions: { 'm@1': { backlog: 7, accepted: 70 } },
      },
    ])
  })

  test('is published where it cannot be kept', async () => {
    const history = { record: () => Promise.reject(new Error('full')) }
    const { report, published, failures } = reporter({ history })
    expect(await report()).toEqual(['history'])
    expect(published).toHaveLength(2)
    expect(failures).toMatchObject([{ part: 'history', reason: 'full' }])
  })

  test('tells nobody anything where Redis does not say', async () => {
    const lengths = { read: () => Promise.reject(new Error('away')) }
    const { report, published, failures } = reporter({ lengths })
    expect(await report()).toEqual(['redis'])
    expect(published).toEqual([])
    expect(failures).toMatchObject([{ part: 'redis', reason: 'away' }])
  })
})

test('where no cloud is to be told, queues are cleaned every ten minutes, and nothing else is asked of Redis', async () => {
  const { report, calls } = reporter({}, [])
  for (let minute = 0; minute < 20; minute++) await report(TENTH + minute * MINUTE_MS)
  expect(calls).toEqual(['read', 'read'])
})

test('reports are made at once and then on the full minute, until it is to end', async () => {
  const clock = new HandClock()
  const ending = new AbortController()
  const times: number[] = []
  let told = () => {}
  const next = () => new Promise<void>((resolve) => (told = resolve))
  const report = async (at: number) => {
    times.push(at)
    told()
    return []
  }
  const first = next()
  const done = reportRegularly({ report }, MINUTE_MS, clock, ending.signal)
  await first
  await new Promise(setImmediate)
  const second = next()
  clock.pass(MINUTE_MS - (clock.now() % MINUTE_MS))
  await second
  ending.abort()
  await done
  expect(times).toEqual([1_000_000, 1_020_000])
})
