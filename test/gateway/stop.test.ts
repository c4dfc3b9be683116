import { expect, inject, test } from 'vitest'
import { testGateway } from '../support/gateway.ts'

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
