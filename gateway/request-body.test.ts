import { expect, test } from 'vitest'
import { systemClock } from '../shared/clock.ts'
import { HandClock } from '../test/support/hand-clock.ts'
import { ByteBudget, PATIENCE_MS } from './byte-budget.ts'
import { BodyIncomplete, BodyTooLarge, BodyTooSlow, readBody } from './request-body.ts'

const MIB = 2 ** 20

/** In pieces, of unknown length; `end` is how it ends. */
function inPieces(pieces: number[], end: (controller: ReadableStreamDefaultController) => void): Request {
  const body = new ReadableStream({
    pull: (controller) => {
      const length = pieces.shift()
      if (length === undefined) end(controller)
      else controller.enqueue(new Uint8Array(length))
    },
  })
  return new Request('http://gateway.test/', { method: 'POST', body, duplex: 'half' } as RequestInit)
}

function ofLength(length: number): Request {
  const headers = { 'content-length': String(length) }
  return new Request('http://gateway.test/', { method: 'POST', headers, body: new Uint8Array(length) })
}

const closed = (controller: ReadableStreamDefaultController) => controller.close()

const bodyOf = (request: Request, budget: ByteBudget) => readBody(request, request.headers, budget)

test('a body is read to its end, however it comes', async () => {
  const budget = new ByteBudget(MIB, systemClock)
  expect((await bodyOf(ofLength(10), budget)).bytes).toHaveLength(10)
  expect((await bodyOf(inPieces([3, 4, 5], closed), budget)).bytes).toHaveLength(12)
  expect((await bodyOf(new Request('http://gateway.test/'), budget)).bytes).toHaveLength(0)
})

test('a body of 10 MiB is read, and not one of a byte more, be it told or not', async () => {
  const budget = new ByteBudget(10 * MIB, systemClock)
  for (const request of [() => ofLength(10 * MIB), () => inPieces(Array(10).fill(MIB), closed)]) {
    const { bytes, release } = await bodyOf(request(), budget)
    expect(bytes).toHaveLength(10 * MIB)
    release()
  }
  await expect(bodyOf(ofLength(10 * MIB + 1), budget)).rejects.toThrow(BodyTooLarge)
  await expect(bodyOf(inPieces([...Array(10).fill(MIB), 1], closed), budget)).rejects.toThrow(BodyTooLarge)
})

test('a large body waits unread for its turn, and a small one does not', async () => {
  const budget = new ByteBudget(MIB, systemClock)
  const first = await bodyOf(ofLength(MIB), budget)
  const waiting = ofLength(MIB)
  const second = bodyOf(waiting, budget)
  expect((await bodyOf(ofLength(100), budget)).bytes).toHaveLength(100)
  expect(waiting.bodyUsed).toBe(false)
  first.release()
  expect((await second).bytes).toHaveLength(MIB)
})

test('a client that goes in the middle leaves its place to others', async () => {
  const budget = new ByteBudget(MIB, systemClock)
  const broken = inPieces([MIB / 2], (controller) => controller.error(new Error('gone')))
  await expect(bodyOf(broken, budget)).rejects.toThrow(BodyIncomplete)
  expect((await bodyOf(ofLength(MIB), budget)).bytes).toHaveLength(MIB)
})

test('a body that does not come leaves its place to who has waited for it, and one that is there keeps its own', async () => {
  const clock = new HandClock()
  const budget = new ByteBudget(11 * MIB, clock)
  const there = await bodyOf(ofLength(MIB), budget)
  const slow = bodyOf(
    inPieces([MIB], () => {}),
    budget,
  )
  const next = bodyOf(ofLength(MIB), budget)
  clock.pass(PATIENCE_MS)
  await expect(slow).rejects.toThrow(BodyTooSlow)
  expect((await next).bytes).toHaveLength(MIB)
  expect(there.bytes).toHaveLength(MIB)
})
