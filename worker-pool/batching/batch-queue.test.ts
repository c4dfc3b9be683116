import { describe, expect, test } from 'vitest'
import { BatchQueue } from './batch-queue.ts'

const work = () => Promise.withResolvers<void>()

describe('a queue of batches', () => {
  test('gives them in order to consumers in the order in which they asked', async () => {
    const queue = new BatchQueue<string>()
    const [first, second] = [queue.next(), queue.next()]
    queue.push('a')
    queue.push('b')
    queue.push('c')
    expect(await Promise.all([first, second, queue.next()])).toEqual(['a', 'b', 'c'])
  })

  test('after its end gives what is left, then nothing', async () => {
    const queue = new BatchQueue<string>()
    queue.push('a')
    queue.end()
    expect([await queue.next(), await queue.next(), await queue.nextDuring(work().promise)]).toEqual([
      'a',
      undefined,
      undefined,
    ])
  })

  test('tells who watches when a consumer has nothing to do', async () => {
    const queue = new BatchQueue<string>()
    const watched = queue.whenConsumerWaits(new AbortController().signal)
    queue.next()
    await watched
    expect(queue.consumersWaiting).toBe(1)
  })
})

describe('a consumer that is at work', () => {
  test('does not count as waiting', () => {
    const queue = new BatchQueue<string>()
    queue.nextDuring(work().promise)
    expect(queue.consumersWaiting).toBe(0)
  })

  test('is given what there is, or what comes before its work ends', async () => {
    const queue = new BatchQueue<string>()
    queue.push('a')
    expect(await queue.nextDuring(work().promise)).toBe('a')
    const next = queue.nextDuring(work().promise)
    queue.push('b')
    expect(await next).toBe('b')
  })

  test('comes after those that have nothing to do', async () => {
    const queue = new BatchQueue<string>()
    const busy = queue.nextDuring(work().promise)
    const idle = queue.next()
    queue.push('a')
    queue.push('b')
    expect(await Promise.all([idle, busy])).toEqual(['a', 'b'])
  })

  test('comes before those that went to work later', async () => {
    const queue = new BatchQueue<string>()
    const [first, second] = [queue.nextDuring(work().promise), queue.nextDuring(work().promise)]
    queue.push('a')
    queue.push('b')
    expect(await Promise.all([first, second])).toEqual(['a', 'b'])
  })

  test('takes nothing any more once its work has ended', async () => {
    const queue = new BatchQueue<string>()
    const { promise, resolve } = work()
    const next = queue.nextDuring(promise)
    resolve()
    expect(await next).toBeUndefined()
    queue.push('a')
    expect(queue.length).toBe(1)
  })

  test('is told of the end', async () => {
    const queue = new BatchQueue<string>()
    const next = queue.nextDuring(work().promise)
    queue.end()
    expect(await next).toBeUndefined()
  })
})
