import { expect, test } from 'vitest'
import { EdgebatchClient } from '../../client/edgebatch-client.ts'
import { type Answer, answeringServer, json } from '../../test/support/answering-server.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { UsageError } from '../user-error.ts'
import { isPending } from './outcome.ts'
import { type PhotoRun, predictPhoto } from './predict-photo.ts'
import { predictPhotos } from './predict-photos.ts'
import { SubmissionPace } from './submission-pace.ts'

const PHOTO = new Uint8Array([1, 2, 3])
const queued = { id: 'a.model', status: 'queued', success: false, predictions: null, error: null }
const succeeded = { ...queued, status: 'succeeded', success: true }
const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(status, { code, detail: 'in a test', retryable: true, request_id: 'r1' }, headers)

const photo = (file: string, bytes = PHOTO) => ({ file, read: async () => bytes })

async function against(...answers: Answer[]) {
  const { url, received } = await answeringServer(...answers)
  const clock = new SleepingClock()
  const told: string[] = []
  const run: PhotoRun = {
    client: new EdgebatchClient({ baseUrl: url, clock, random: () => 0 }),
    onRetry: (error, pauseMs) => void told.push(`${error.code} ${pauseMs}`),
    ...{
      asked: { model: undefined, priority: undefined },
      isAsync: false,
      waitMs: undefined,
      anew: undefined,
    },
    ...{ results: undefined, pace: new SubmissionPace(clock), clock, signal: new AbortController().signal },
  }
  return { run, clock, received, told }
}

test('who is told to stay away for longer than a client waits comes back then', async () => {
  const away = problem(429, 'rate-limited', { 'retry-after': '90' })
  const { run, clock, received, told } = await against(away, away, json(200, succeeded))
  expect(await predictPhoto(photo('a'), run)).toMatchObject({ file: 'a', job: { status: 'succeeded' } })
  expect(clock.sleeps).toEqual([90_000, 90_000])
  expect(told).toEqual(['rate-limited 90000', 'rate-limited 90000'])
  const keys = received.map(({ headers }) => headers['idempotency-key'])
  expect(new Set(keys).size).toBe(1)
})

test('who comes back again and again is not given up after a few times', async () => {
  const full = problem(503, 'queue-full', { 'retry-after': '2' })
  const { run } = await against(...Array.from({ length: 12 }, () => full), json(200, succeeded))
  expect(await predictPhoto(photo('a'), run)).toMatchObject({ job: { status: 'succeeded' } })
})

test('who is told to come back at once comes back in a second, and not in a loop', async () => {
  const full = problem(503, 'queue-full', { 'retry-after': '0' })
  const { run, clock } = await against(...Array.from({ length: 7 }, () => full), json(200, succeeded))
  expect(await predictPhoto(photo('a'), run)).toMatchObject({ job: { status: 'succeeded' } })
  expect(clock.sleeps).toContain(1_000)
})

test('who is told to stay away for longer than any job lives ends the run', async () => {
  const { run, clock } = await against(problem(429, 'rate-limited', { 'retry-after': '999999999' }))
  await expect(predictPhoto(photo('a'), run)).rejects.toMatchObject({ code: 'rate-limited' })
  expect(clock.sleeps).toEqual([])
})

test('not beyond what the photo may take', async () => {
  const { run } = await against(problem(429, 'rate-limited', { 'retry-after': '90' }))
  const outcome = await predictPhoto(photo('a'), { ...run, waitMs: 60_000 })
  expect(outcome).toMatchObject({ job: null, error: { code: 'not-in-time' } })
  expect(outcome && isPending(outcome)).toBe(true)
})

test('an answer that is gone is asked for once more, as another question', async () => {
  const { run, received } = await against(problem(410, 'result-expired'), json(200, succeeded))
  expect(await predictPhoto(photo('a'), run)).toMatchObject({ job: { status: 'succeeded' } })
  const keys = received.map(({ headers }) => headers['idempotency-key'])
  expect(new Set(keys).size).toBe(2)
})

test.each(['unsupported-image', 'image-too-large', 'internal-error'])(
  '%s is the photo’s own',
  async (code) => {
    const { run } = await against(problem(415, code))
    expect(await predictPhoto(photo('a'), run)).toMatchObject({
      job: null,
      error: { code, detail: 'in a test' },
    })
  },
)

test('a photo that cannot be read is told with the reason, and costs no request', async () => {
  const { run, received } = await against(json(200, succeeded))
  const gone = { file: 'a', read: () => Promise.reject(new Error('EIO: it\nbroke')) }
  expect(await predictPhoto(gone, run)).toEqual({
    ...{ file: 'a', key: null, job: null },
    error: { code: 'unreadable-file', detail: 'cannot be read: EIO: it broke' },
  })
  const wrong = { file: '-', read: () => Promise.reject(new UsageError('no input')) }
  await expect(predictPhoto(wrong, run)).rejects.toThrow(UsageError)
  expect(received).toEqual([])
})

test('what concerns all photos ends the run: those whose turn has not come are not sent', async () => {
  const { run, received } = await against(problem(404, 'model-not-found'))
  const photos = ['a', 'b', 'c', 'd'].map((file) => photo(file))
  const reported: unknown[] = []
  const running = predictPhotos(photos, 1, run, async (outcome) => void reported.push(outcome))
  await expect(running).rejects.toMatchObject({ code: 'model-not-found' })
  expect(received).toHaveLength(1)
  expect(reported).toEqual([])
})

test('photos are counted by what came of them', async () => {
  const failed = { ...queued, status: 'failed' }
  const answers = [json(200, succeeded), json(200, failed), problem(415, 'unsupported-image')]
  const { run } = await against(...answers)
  const photos = ['a', 'b', 'c'].map((file, i) => photo(file, new Uint8Array([i])))
  const tally = await predictPhotos(photos, 1, run, async () => {})
  expect(tally).toEqual({ succeeded: 1, pending: 0, failed: 2, earlier: 0 })
})
