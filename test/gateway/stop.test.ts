import { expect, inject, test } from 'vitest'
import { freshKeys, testGateway } from '../support/gateway.ts'

const CLIENTS = 10

test('a gateway that is told to stop ends although its clients never pause, and answers what it took', async () => {
  const gateway = await testGateway(inject('redisUrl'))
  const busy = Promise.withResolvers<void>()
  let answered = 0
  /** Asks over and over, until nobody listens any more. */
  const askOnAndOn = async (): Promise<number[]> => {
    const statuses: number[] = []
    for (;;) {
      const response = await gateway.post('/', ['PING']).catch(() => undefined)
      if (!response) return statuses
      statuses.push(response.status)
      await response.text()
      if (++answered === 10 * CLIENTS) busy.resolve()
    }
  }
  const clients = Array.from({ length: CLIENTS }, askOnAndOn)
  await busy.promise
  await gateway.close()
  const statuses = (await Promise.all(clients)).flat()
  expect(statuses.length).toBeGreaterThanOrEqual(10 * CLIENTS)
  expect(new Set(statuses)).toEqual(new Set([200]))
})

test('an answer that its client has begun to read arrives whole, although the gateway is told to stop', async () => {
  const gateway = await testGateway(inject('redisUrl'))
  const key = freshKeys()('large')
  const value = 'x'.repeat(8 * 1024 * 1024)
  await gateway.post('/', ['SET', key, value])
  // Nothing is read before the body is asked for, so most of it waits in the gateway.
  const response = await gateway.post('/', ['GET', key])
  process.kill(gateway.service.pid, 'SIGTERM')
  expect(await response.text()).toBe(JSON.stringify({ result: value }))
  expect(await gateway.service.endedByItself).toContain('gateway ended (exit 0)')
  await gateway.close()
})
