import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Answer, answeringServer, hangUp, json } from '../../test/support/answering-server.ts'
import { followedJob } from './followed-job.ts'
import type { Photo } from './photo.ts'

const pending = (status: string, retryAfter?: string) =>
  json(202, { id: 'a.m', status }, retryAfter === undefined ? {} : { 'retry-after': retryAfter })

async function looked(...answers: Answer[]) {
  const { url, received } = await answeringServer(...answers)
  const seen: string[] = []
  const changes: Partial<Photo>[] = []
  const stop = new AbortController()
  const run = {
    ...{ baseUrl: url, apiKey: () => 'eb_key', signal: stop.signal },
    onChange: (change: Partial<Photo>) => void changes.push(change),
  }
  const job = followedJob('a.m', 0, ({ status }) => void seen.push(status), run)
  return { look: () => job.look(stop.signal), stop, seen, changes, received }
}

describe('a look at a job', () => {
  test('tells how it is, and that the next is due when the answer says', async () => {
    const { look, seen, received } = await looked(pending('queued', '7'), pending('processing'))
    expect([await look(), await look()]).toEqual([7_000, 1_000])
    expect(seen).toEqual(['queued', 'processing'])
    expect(received[0]).toMatchObject({ url: '/result/a.m', headers: { authorization: 'Bearer eb_key' } })
  })

  test.each([
    ['0', 1_000],
    ['86400', 60_000],
  ])('of a pending job never says %s s', async (retryAfter, ms) => {
    const { look } = await looked(pending('queued', retryAfter))
    expect(await look()).toBe(ms)
  })

  test('at its end is the last', async () => {
    const { look, seen } = await looked(json(200, { id: 'a.m', status: 'failed' }))
    expect(await look()).toBeUndefined()
    expect(seen).toEqual(['failed'])
  })

  test('that has no answer is made again, later each time, and a job that answers is no longer reconnected to', async () => {
    const { look, seen, changes } = await looked(
      ...[hangUp, json(503, {}, { 'retry-after': '3' }), pending('queued', '1')],
    )
    const first = await look()
    expect(first).toBeGreaterThanOrEqual(250)
    expect(first).toBeLessThanOrEqual(500)
    const second = await look()
    expect(second).toBeGreaterThanOrEqual(3_000)
    expect(second).toBeLessThanOrEqual(3_300)
    expect(changes).toEqual([{ reconnecting: true }, { reconnecting: true }])
    expect([await look(), seen]).toEqual([1_000, ['queued']])
  })

  test('has no answer twelve times in a row at most', async () => {
    const { look } = await looked(hangUp)
    for (let failures = 0; failures < 12; failures++) expect(await look()).toBeGreaterThan(0)
    await expect(look()).rejects.toMatchObject({ code: 'unreachable' })
  })

  test('that is not answered in time has no answer', async () => {
    const limit = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal)
    onTestFinished(() => timeout.mockRestore())
    const { look, changes } = await looked(() => limit.abort())
    expect(await look()).toBeGreaterThan(0)
    expect(changes).toEqual([{ reconnecting: true }])
  })

  test('finds that it is not there', async () => {
    const { look } = await looked(json(404, { code: 'job-not-found', detail: 'no' }))
    await expect(look()).rejects.toMatchObject({ code: 'job-not-found' })
  })

  test('that is ended meanwhile tells nothing', async () => {
    const asked = Promise.withResolvers<void>()
    const { look, stop, seen, changes } = await looked(() => asked.resolve())
    const looking = look()
    await asked.promise
    stop.abort(new Error('enough'))
    await expect(looking).rejects.toThrow('enough')
    expect([seen, changes]).toEqual([[], []])
  })
})
