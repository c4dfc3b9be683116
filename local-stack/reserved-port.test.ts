import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, freePortAfter, isPortFree } from './free-port.ts'
import { PortTakenError, reservePort } from './reserved-port.ts'

test('a port that is reserved is had by one alone, until it is released', async () => {
  const port = await freePort()
  const { release } = await reservePort(port)
  await expect(reservePort(port)).rejects.toThrow(PortTakenError)
  await expect(reservePort(port)).rejects.toThrow(`Port ${port} is in use`)
  await release()
  expect(await isPortFree(port)).toBe(true)
})

test('whoever calls at a reserved port does not keep it from being released', async () => {
  const port = await freePort()
  const { release } = await reservePort(port)
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  await release()
  expect(await isPortFree(port)).toBe(true)
})

test('the next free port is none that is taken', async () => {
  const port = await freePort()
  const taken = await freePortAfter(port)
  expect(taken).toBeGreaterThan(port)
  const squatter = createServer().listen(taken, '127.0.0.1')
  await once(squatter, 'listening')
  expect(await freePortAfter(port)).toBeGreaterThan(taken)
  squatter.close()
})

test('where no higher port is free, any is told that is', async () => {
  const port = await freePortAfter(65_535)
  expect(port).toBeGreaterThan(0)
  expect(port).toBeLessThanOrEqual(65_535)
})
