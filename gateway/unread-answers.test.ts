import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HandClock } from '../test/support/hand-clock.ts'
import { UnreadAnswers } from './unread-answers.ts'

/** More than the system's own buffers take of an answer that nobody reads. */
const LARGE = 64 * 2 ** 20

/** Answers to clients that read when they are told to; at most so many bytes may be unread. */
async function answers(max: number, perToken = max) {
  const clock = new HandClock()
  const told: string[] = []
  let resumed = Promise.withResolvers<void>()
  const source = {
    pause: () => {
      resumed = Promise.withResolvers()
      told.push('pause')
    },
    resume: () => {
      told.push('resume')
      resumed.resolve()
    },
  }
  const unread = new UnreadAnswers({ max, perToken }, [source], clock)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const answer = async (
    bytes: number,
    token = 'one',
  ): Promise<{ client: Socket; response: ServerResponse }> => {
    const client = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void client.destroy())
    client.write('GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n')
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
    unread.add(response, bytes, token)
    response.end(Buffer.alloc(bytes))
    return { client, response }
  }
  return { clock, told, answer, resumed: () => resumed.promise }
}

test('replies are taken while answers that are unread are within the bound, and again once clients have caught up', async () => {
  const { told, answer, resumed } = await answers(LARGE)
  const first = await answer(LARGE)
  expect(told).toEqual([])
  const second = await answer(LARGE)
  expect(told).toEqual(['pause'])
  for (const { client } of [first, second]) client.resume()
  await resumed()
  expect(told).toEqual(['pause', 'resume'])
})

test('who takes nothing is cut off when others wait for it', async () => {
  const { told, answer, resumed } = await answers(LARGE)
  const closed = [await answer(LARGE), await answer(LARGE)].map(({ response }) => once(response, 'close'))
  await Promise.race(closed)
  await resumed()
  expect(told).toEqual(['pause', 'resume'])
})

test('those with most to read are cut off when others have waited for long', async () => {
  const { clock, answer, resumed } = await answers(LARGE)
  const smaller = await answer(LARGE * 0.4)
  const larger = await answer(LARGE)
  clock.pass(5_000)
  await resumed()
  expect(larger.response.destroyed).toBe(true)
  expect(smaller.response.destroyed).toBe(false)
})

test('others do not wait that long again for each of many who are slow', async () => {
  const { clock, answer, resumed } = await answers(LARGE)
  const smaller = await answer(LARGE * 0.4)
  await answer(LARGE)
  clock.pass(5_000)
  await resumed()
  const next = await answer(LARGE)
  clock.pass(500)
  await resumed()
  expect(next.response.destroyed).toBe(true)
  expect(smaller.response.destroyed).toBe(false)
})

test('small answers are not counted', async () => {
  const { told, answer } = await answers(1_000)
  await answer(10_000)
  await answer(10_000)
  expect(told).toEqual([])
})

describe('a token beyond its share', () => {
  test('has no 5 s, and what the others have is left to them', async () => {
    const { clock, answer, resumed } = await answers(LARGE, LARGE / 2)
    const others = await answer(LARGE * 0.3, 'two')
    const greedy = await answer(LARGE * 0.8)
    let stalled = false
    greedy.response.on('timeout', () => {
      stalled = true
    })
    clock.pass(500)
    await resumed()
    expect(greedy.response.destroyed).toBe(true)
    expect(stalled).toBe(false)
    expect(others.response.destroyed).toBe(false)
  })

  test('loses its largest answers, to be well within its share again', async () => {
    const { clock, answer, resumed } = await answers(LARGE, LARGE / 2)
    const others = await answer(LARGE * 0.45, 'two')
    const small = await answer(LARGE * 0.1)
    const larger = [await answer(LARGE * 0.2), await answer(LARGE * 0.3)]
    clock.pass(500)
    await resumed()
    for (const { response } of larger) expect(response.destroyed).toBe(true)
    for (const { response } of [small, others]) expect(response.destroyed).toBe(false)
  })

  test('is alone in being hurried: who takes nothing of another one stays', async () => {
    const { answer, resumed } = await answers(LARGE, LARGE / 2)
    const others = await answer(LARGE * 0.4, 'two')
    const stalled: boolean[] = []
    others.response.on('timeout', () => stalled.push(true))
    const greedy = await answer(LARGE * 0.9)
    await once(greedy.response, 'close')
    await resumed()
    expect(stalled).toEqual([])
    expect(others.response.destroyed).toBe(false)
  })

  test('is nothing while all together are within the bound', async () => {
    const { told, answer } = await answers(LARGE, LARGE / 2)
    await answer(LARGE * 0.9)
    expect(told).toEqual([])
  })
})

test('where none is beyond its share, all have their 5 s', async () => {
  const { clock, answer, resumed } = await answers(LARGE, LARGE / 2)
  const all = []
  for (const token of ['one', 'two', 'three']) all.push(await answer(LARGE * 0.4, token))
  clock.pass(500)
  await new Promise(setImmediate)
  expect(all.filter(({ response }) => response.destroyed)).toEqual([])
  clock.pass(4_500)
  await resumed()
  expect(all.filter(({ response }) => response.destroyed)).toHaveLength(2)
})
