import { describe, expect, test } from 'vitest'
import type { JobLook } from '../../shared/job-queue.ts'
import { jobThatIs } from '../../test/support/jobs.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { type Looks, lookAtJob } from './look-at-job.ts'

const pending: JobLook = { job: jobThatIs('processing'), position: null }
const done: JobLook = { job: jobThatIs('succeeded', { completed_at: 5 }), position: null }

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** A stream that says what the test has it say. */
class ScriptedStream {
  readonly #acknowledgement = Promise.withResolvers<boolean>()
  readonly #messages: (string | undefined)[]
  readonly acknowledged = this.#acknowledgement.promise
  closed = false

  constructor(works: boolean | 'never', messages: (string | undefined)[] = []) {
    this.#messages = messages
    if (works !== 'never') this.#acknowledgement.resolve(works)
  }

  async nextMessage(): Promise<string | undefined> {
    if (this.#messages.length > 0) return this.#messages.shift()
    return new Promise(() => {})
  }

  close(): void {
    this.closed = true
  }
}

/** Time passes only where nothing else happens: a sleep that may be woken lets all that is due happen first. */
class PatientClock extends SleepingClock {
  override async sleep(ms: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    return super.sleep(ms)
  }
}

function looking(stream: ScriptedStream, looks: JobLook[], overrides: Partial<Looks> = {}) {
  const clock = new PatientClock()
  const asked: string[] = []
  const next = (how: string) => async () => {
    asked.push(how)
    return looks.length > 1 ? looks.shift() : looks[0]
  }
  const options: Looks = {
    look: next('look'),
    push: {
      open: () => {
        asked.push('open')
        return stream
      },
      watch: next('watch'),
      read: (text) => (text === 'told' ? done : undefined),
    },
    waitMs: 60_000,
    expectedMs: 1_000,
    clock,
    random: () => 0.5,
    signal: undefined,
    stopping: undefined,
    ...overrides,
  }
  return { found: collected(lookAtJob(options)), asked, clock }
}

describe('with push', () => {
  test('a look follows the acknowledgement, then the message is the answer', async () => {
    const stream = new ScriptedStream(true, ['told'])
    const { found, asked } = looking(stream, [pending])
    expect(await found).toEqual([pending, done])
    expect(asked).toEqual(['open', 'watch'])
    expect(stream.closed).toBe(true)
  })

  test('a message that cannot be read is a reason to look', async () => {
    const { found, asked } = looking(new ScriptedStream(true, ['']), [pending, done])
    expect(await found).toEqual([pending, done])
    expect(asked).toEqual(['open', 'watch', 'watch'])
  })

  test('what it missed is found by looks that are far apart', async () => {
    const { found, clock } = looking(new ScriptedStream(true), [pending, pending, done])
    expect((await found).at(-1)).toEqual(done)
    expect(clock.sleeps.filter((ms) => ms >= 10_000)).toHaveLength(2)
  })

  test('it is not opened for a result that is expected soon, but for one that is late', async () => {
    const soon = looking(new ScriptedStream(true), [done], { expectedMs: 40 })
    expect(await soon.found).toEqual([done])
    expect(soon.asked).toEqual(['look'])

    const late = looking(new ScriptedStream(true, ['told']), [pending], { expectedMs: 40 })
    expect((await late.found).at(-1)).toEqual(done)
    expect(late.asked.indexOf('open')).toBeGreaterThan(1)
  })

  test.each([
    ['that does not work here', new ScriptedStream(false)],
    ['that is never acknowledged', new ScriptedStream('never')],
  ])('a stream %s leaves polling as it is', async (_, stream) => {
    const { found, clock } = looking(stream, [pending, pending, pending, done], { expectedMs: 400 })
    expect((await found).at(-1)).toEqual(done)
    expect(Math.max(...clock.sleeps)).toBeLessThan(1_000)
    expect(stream.closed).toBe(true)
  })

  test('once it has ended, looks are as close as without it', async () => {
    const stream = new ScriptedStream(true, [undefined])
    const { found, clock } = looking(stream, [pending, pending, pending, done], { expectedMs: 400 })
    expect((await found).at(-1)).toEqual(done)
    const interrupted = clock.sleeps.findIndex((ms) => ms >= 10_000)
    expect(Math.max(...clock.sleeps.slice(interrupted + 1))).toBeLessThan(1_000)
    expect(stream.closed).toBe(true)
  })

  test('a deadline is looked at when it passes, of which nobody may tell; this machine’s clock does not matter', async () => {
    const clock = new PatientClock()
    const now = clock.now() - 600_000
    const soon = { job: jobThatIs('queued', { read_at: now, deadline: now + 4_000 }), position: null }
    const expired = { job: jobThatIs('expired', { completed_at: soon.job.deadline }), position: null }
    const { found } = looking(new ScriptedStream(true), [soon, expired], { clock })
    expect((await found).at(-1)).toEqual(expired)
    expect(Math.max(...clock.sleeps)).toBeLessThan(4_100)
  })

  test('all is given up when the caller has gone', async () => {
    const caller = new AbortController()
    const stream = new ScriptedStream(true)
    const { found } = looking(stream, [pending], {
      signal: caller.signal,
      look: async () => {
        caller.abort()
        return pending
      },
    })
    await found
    expect(stream.closed).toBe(true)
  })
})
