import { describe, expect, test } from 'vitest'
import { PROBLEMS, type ProblemCode, ProblemError } from '../../shared/errors.ts'
import type { Job } from '../../shared/job.ts'
import { RedisReplyError, RedisUnreachableError } from '../../shared/redis-commands.ts'
import { submitItems } from './submit-items.ts'

const photo = (n: number) => Uint8Array.of(n)
const photos = (count: number) => Array.from({ length: count }, (_, i) => photo(i))
const jobOf = (n: number) => ({ id: `job ${n}` }) as Job
const accept = async ([n = 0]: Uint8Array) => jobOf(n)
const problem = (code: ProblemCode) => new ProblemError(code, 'why')

/** Refuses each photo for the reason at its place; where there is none, it is accepted. */
const refusing =
  (...codes: (ProblemCode | undefined)[]) =>
  async ([n = 0]: Uint8Array) => {
    const code = codes[n]
    if (code) throw problem(code)
    return jobOf(n)
  }

describe('the images of a call', () => {
  test('have outcomes in their order, whichever is done first', async () => {
    const done = photos(10).map(() => Promise.withResolvers<void>())
    const submitted = submitItems(photos(10), async ([n = 0]) => {
      await done[n]?.promise
      return jobOf(n)
    })
    for (const { resolve } of done.toReversed()) resolve()
    expect(await submitted).toEqual(photos(10).map((_, i) => ({ job: jobOf(i) })))
  })

  test('are submitted four at a time, each once', async () => {
    const taken: number[] = []
    const ends: (() => void)[] = []
    const submitted = submitItems(photos(6), async ([n = 0]) => {
      taken.push(n)
      await new Promise<void>((resolve) => ends.push(resolve))
      return jobOf(n)
    })
    expect(taken).toEqual([0, 1, 2, 3])
    ends[2]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(taken).toEqual([0, 1, 2, 3, 4])
    while (taken.length < 6 || ends.length > 0) {
      ends.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await submitted
    expect(taken).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('fail each for itself, those that could not be read among them', async () => {
    const unread = problem('empty-image')
    const outcomes = await submitItems(
      [photo(0), unread, photo(2), photo(3)],
      refusing(undefined, undefined, 'queue-full'),
    )
    expect(outcomes).toEqual([
      { job: jobOf(0) },
      { problem: unread },
      { problem: expect.objectContaining({ code: 'queue-full' }) },
      { job: jobOf(3) },
    ])
  })

  test('fail as problems, whatever is thrown', async () => {
    const outcomes = await submitItems(photos(3), async ([n = 0]) => {
      if (n === 2) return jobOf(n)
      throw n === 0 ? new RedisReplyError('LOADING') : new TypeError('a mistake')
    })
    expect(outcomes).toMatchObject([
      { problem: { code: 'queue-unavailable' } },
      { problem: { code: 'internal-error' } },
      { job: jobOf(2) },
    ])
  })

  test('are asked for no more once Redis could not be reached for one; those that could not be read keep their problem', async () => {
    const asked: number[] = []
    const away = async ([n = 0]: Uint8Array) => {
      asked.push(n)
      if (n === 0) return jobOf(n)
      throw new RedisUnreachableError('away')
    }
    const unread = problem('empty-image')
    const outcomes = await submitItems([...photos(7), unread], away)
    expect(asked).toEqual([0, 1, 2, 3])
    const unavailable = { problem: { code: 'queue-unavailable' } }
    expect(outcomes).toMatchObject([
      { job: jobOf(0) },
      ...Array(6).fill(unavailable),
      { problem: { code: 'empty-image' } },
    ])
  })
})

describe('what is the call’s', () => {
  test.each([
    'unauthorized',
    'forbidden',
    'idempotency-conflict',
    'body-too-large',
    'rate-limited',
    'queue-full',
    'edge-busy',
    'queue-unavailable',
  ] as const)('%s is the call’s problem, as it came', async (code) => {
    const submitted = submitItems(photos(3), refusing(code, code, code))
    await expect(submitted).rejects.toMatchObject({ code, detail: 'why' })
  })

  const ofImages = Object.keys(PROBLEMS).filter((code) => /image/.test(code)) as ProblemCode[]
  test.each(ofImages)('%s is the images’ own', async (code) => {
    expect(await submitItems(photos(2), refusing(code, code))).toHaveLength(2)
  })

  test('is thrown whatever keeps the other images from being jobs', async () => {
    await expect(submitItems(photos(2), refusing('rate-limited', 'queue-full'))).rejects.toMatchObject({
      code: 'rate-limited',
    })
    await expect(
      submitItems([problem('empty-image'), photo(1)], refusing(undefined, 'queue-full')),
    ).rejects.toMatchObject({ code: 'queue-full' })
  })

  test('is not, where one image has become a job', async () => {
    expect(await submitItems(photos(2), refusing('queue-full', undefined))).toHaveLength(2)
  })

  test('can be that of one image alone', async () => {
    await expect(submitItems(photos(1), refusing('queue-full'))).rejects.toMatchObject({ code: 'queue-full' })
    expect(await submitItems(photos(1), accept)).toEqual([{ job: jobOf(0) }])
  })
})
