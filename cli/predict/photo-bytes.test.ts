import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { photoBytes } from './photo-bytes.ts'

test('a photo is read to its end', async () => {
  const bytes = await photoBytes(Readable.from([Buffer.from([1, 2]), Buffer.from([3])]), 3)
  expect([...bytes]).toEqual([1, 2, 3])
})

test('what has no end is let go of', async () => {
  let read = 0
  const endless = Readable.from(
    (function* () {
      for (;;) {
        read++
        yield Buffer.alloc(2)
      }
    })(),
  )
  await expect(photoBytes(endless, 5)).rejects.toThrow('more than 5 bytes')
  expect(read).toBeLessThan(100)
  expect(endless.destroyed).toBe(true)
})
