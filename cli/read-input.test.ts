import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { readInput } from './read-input.ts'
import { UsageError } from './user-error.ts'

const running = new AbortController().signal

test('all that is piped in is read', async () => {
  const input = Readable.from([Buffer.from([1, 2]), Buffer.from([3])])
  expect([...(await readInput(running, input))]).toEqual([1, 2, 3])
})

test('a terminal is refused', async () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true })
  await expect(readInput(running, terminal)).rejects.toThrow(UsageError)
})

test('what never ends is let go of when the user wants to stop', async () => {
  const stop = new AbortController()
  const reading = readInput(stop.signal, new PassThrough())
  stop.abort()
  await expect(reading).rejects.toThrow()
})
