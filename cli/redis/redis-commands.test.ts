import { expect, test } from 'vitest'
import { type Answer, answeringServer, json } from '../../test/support/answering-server.ts'
import { ClientClock } from '../../test/support/client-clock.ts'
import { UnavailableError, UserError } from '../user-error.ts'
import { commandOverRest } from './redis-commands.ts'

const SILENCE_MS = 10_000

async function commanderOf(...answers: Answer[]) {
  const { url } = await answeringServer(...answers)
  const clock = new ClientClock(SILENCE_MS)
  return { clock, redis: commandOverRest(url, 'token', new AbortController().signal, clock) }
}

test('once an answer was read, nothing is left of the time limit of its command', async () => {
  const { clock, redis } = await commanderOf(
    json(200, { result: 'PONG' }),
    json(400, { error: 'ERR syntax error' }),
    (response) => response.end('<html>'),
  )
  expect(await redis.send('PING')).toBe('PONG')
  expect(clock.limits).toBe(0)
  await expect(redis.send('SET')).rejects.toThrow(/^Redis at \S+ refuses: ERR syntax error$/)
  expect(clock.limits).toBe(0)
  await expect(redis.send('PING')).rejects.toThrow(UserError)
  await expect(redis.send('PING')).rejects.toThrow(/is no Redis over REST \(HTTP 200\)$/)
  expect(clock.limits).toBe(0)
})

test('an answer that does not end is given up with its time limit', async () => {
  const begun = Promise.withResolvers<void>()
  const { clock, redis } = await commanderOf((response) => {
    response.write('{"result":', () => begun.resolve())
  })
  const sending = redis.send('PING')
  await begun.promise
  expect(clock.limits).toBe(1)
  clock.runOut()
  await expect(sending).rejects.toThrow(UnavailableError)
  await expect(sending).rejects.toThrow(
    /^cannot reach Redis at \S+: no answer within 10000 ms; start the gateway/,
  )
})
