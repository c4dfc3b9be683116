import { expect, test } from 'vitest'
import { RedisReplyError, RedisUnreachableError } from '../shared/redis-commands.ts'
import { type Answer, answeringServer, json } from '../test/support/answering-server.ts'
import { ClientClock } from '../test/support/client-clock.ts'
import { RedisRest } from './redis-rest.ts'

const TIMEOUT_MS = 60_000
/** Of a call's time, what asking for raw bytes may take. */
const PROBE_MS = TIMEOUT_MS / 3
const SCRIPT = { name: 'test', source: 'return 1' }

/** A client of a server that gives these answers in turn, by a clock that tells how many time limits run. */
async function clientOf(...answers: Answer[]) {
  const { url } = await answeringServer(...answers)
  const clock = new ClientClock(TIMEOUT_MS, PROBE_MS)
  const redis = new RedisRest({ url, token: 'token', timeoutMs: TIMEOUT_MS, rawBytes: true }, clock)
  return { clock, redis, run: () => redis.run(SCRIPT, [], []) }
}

/** Resolves `begun` when it comes to be given, and gives no more of itself than its beginning. */
function unending() {
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  const answer: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"result":', () => resolve())
  }
  return { begun, answer }
}

test('once an answer was read, nothing is left of the time limit of its call', async () => {
  const { clock, redis, run } = await clientOf(
    json(200, { result: 1 }),
    json(400, { error: 'NOSCRIPT No matching script' }),
    json(200, { result: 2 }),
    json(200, [{ result: ['1', '0'] }, { result: ['field', 'value'] }]),
    json(400, { error: 'OOM command not allowed' }),
  )
  expect(await run()).toBe(1)
  expect(clock.limits).toBe(0)
  expect(await run()).toBe(2)
  expect(clock.limits).toBe(0)
  expect(await redis.readHash('key')).toEqual({ fields: { field: 'value' }, nowMs: 1000 })
  expect(clock.limits).toBe(0)
  await expect(run()).rejects.toThrow(RedisReplyError)
  expect(clock.limits).toBe(0)
})

test('the same where bytes go as they are', async () => {
  const all = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte)).toString('base64')
  const { clock, redis } = await clientOf(json(200, { result: all }), json(200, { result: 1 }))
  expect(await redis.runWithBytes(SCRIPT, ['key'], 'head', new Uint8Array(8))).toBe(1)
  expect(clock.limits).toBe(0)
})

test('reading an answer is within the time limit', async () => {
  const { begun, answer } = unending()
  const { clock, run } = await clientOf(answer)
  const running = run()
  await begun
  expect(clock.limits).toBe(1)
  clock.runOut()
  await expect(running).rejects.toThrow(RedisUnreachableError)
  await expect(running).rejects.toThrow(/TimeoutError: no answer within 60000 ms/)
})

test('of calls at the same time, each has a time limit of its own', async () => {
  const { begun, answer } = unending()
  const { clock, run } = await clientOf(answer, json(200, { result: 1 }))
  const slow = run()
  await begun
  expect(await run()).toBe(1)
  expect(clock.limits).toBe(1)
  clock.runOut()
  await expect(slow).rejects.toThrow(/no answer within/)
})

test('of calls that begin together, too', async () => {
  const { begun, answer } = unending()
  const { clock, run } = await clientOf(answer, json(200, { result: 1 }))
  const calls = [run(), run()].map((call) => call.catch((error: Error) => error.message))
  expect(await Promise.race(calls)).toBe(1)
  await begun
  expect(clock.limits).toBe(1)
  clock.runOut()
  expect(await Promise.all(calls)).toContainEqual(expect.stringMatching(/no answer within/))
})
