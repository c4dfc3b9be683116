import { describe, expect, test } from 'vitest'
import { undecodable } from '../../shared/image-problems.ts'
import { ReplaceableCodec } from './replaceable-codec.ts'

function counted() {
  let created = 0
  const codec = new ReplaceableCodec(() => ({ number: ++created, memoryBytes: 100 }))
  return { codec, number: () => codec.run((instance) => instance.number) }
}

describe('ReplaceableCodec', () => {
  test('starts on first use and keeps its instance', () => {
    const { codec, number } = counted()
    expect(codec.memoryBytes).toBe(0)
    expect([number(), number()]).toEqual([1, 1])
    expect(codec.memoryBytes).toBe(100)
  })

  test('after a throw from inside, tells the client and starts anew', () => {
    const { codec, number } = counted()
    const crash = new Error('unreachable')
    const run = () =>
      codec.run(() => {
        throw crash
      })
    expect(run).toThrow(expect.objectContaining({ code: 'undecodable-image', cause: crash }))
    expect(number()).toBe(2)
  })

  test('keeps its instance when a job refuses the image in good order', () => {
    const { codec, number } = counted()
    number()
    const refusal = undecodable('The image is cut off.')
    const run = () =>
      codec.run(() => {
        throw refusal
      })
    expect(run).toThrow(refusal)
    expect(number()).toBe(1)
  })
})
