import { expect, test } from 'vitest'
import { HandClock } from '../test/support/hand-clock.ts'
import { healthRoutes } from './health.ts'

function routes(pingRedis: () => Promise<unknown>, isStopping = false) {
  const clock = new HandClock()
  const app = healthRoutes({ pingRedis, isStopping: () => isStopping, clock })
  return { app, clock }
}

const away = () => Promise.reject(new Error('away'))

test('live says that the process answers, whatever Redis does', async () => {
  const { app } = routes(away)
  for (const path of ['/live', '/health']) expect((await app.request(path)).status).toBe(200)
})

test('ready says that Redis answers', async () => {
  const { app } = routes(async () => 'PONG')
  const response = await app.request('/ready')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ status: 'ready' })
})

test('not ready while Redis is away, or the gateway stops', async () => {
  const response = await routes(away, true).app.request('/ready')
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ status: 'not ready', reasons: ['draining', 'redis away'] })
})

test('not ready if Redis is silent, before a probe gives up; it is asked once for all who ask meanwhile', async () => {
  let asked = 0
  const { app, clock } = routes(() => {
    asked++
    return new Promise(() => {})
  })
  const answers = [app.request('/ready'), app.request('/ready')]
  await Promise.resolve()
  clock.pass(999)
  for (const answer of answers) expect((await answer).status).toBe(503)
  expect(asked).toBe(1)
})
