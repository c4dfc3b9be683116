import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { HandClock } from '../test/support/hand-clock.ts'
import { UnreadAnswers } from './unread-answers.ts'

/** More than the system's own buffers take of an answer that nobody reads. */
const LARGE = 64 * 2 ** 20

/** Answers to clients that read when they are told to; at most so many bytes may be unread. */
async function answers(max: number) {
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
  const unread = new UnreadAnswers(max, [source], clock)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const answer = async (bytes: number): Promise<{ client: Socket; response: ServerResponse }> => {
    const client = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void client.destroy())
    client.write('GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n')
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
    unread.add(response, bytes)
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
