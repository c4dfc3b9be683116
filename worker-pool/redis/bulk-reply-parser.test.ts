import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BulkReplyParser, type BulkReplyTaker, RedisProtocolError } from './bulk-reply-parser.ts'

type Found = { value: string } | { readOver: number } | { line: string } | 'nothing'

/** Writes down what it is given; values of more than `longest` bytes it does not want. */
class Notes implements BulkReplyTaker {
  readonly found: Found[] = []
  readonly longest: number
  #place: Uint8Array | number = 0

  constructor(longest = Number.POSITIVE_INFINITY) {
    this.longest = longest
  }

  place(length: number): Uint8Array | undefined {
    this.#place = length > this.longest ? length : new Uint8Array(length)
    return typeof this.#place === 'number' ? undefined : this.#place
  }

  value(): void {
    const place = this.#place
    this.found.push(
      typeof place === 'number' ? { readOver: place } : { value: Buffer.from(place).toString('latin1') },
    )
  }

  nothing(): void {
    this.found.push('nothing')
  }

  line(text: string): void {
    this.found.push({ line: text })
  }
}

/** As a socket would: no more at once than there is room, and no more than `sizes` says, over and over. */
function feed(parser: BulkReplyParser, input: Uint8Array, sizes: readonly number[]): void {
  let at = 0
  for (let i = 0; at < input.length; i++) {
    const room = parser.room()
    const count = Math.min(room.length, sizes[i % sizes.length] as number, input.length - at)
    expect(count).toBeGreaterThan(0)
    room.set(input.subarray(at, at + count))
    parser.received(count)
    at += count
  }
}

function parsed(input: string, sizes: readonly number[] = [1_000_000], taker = new Notes()): Found[] {
  feed(new BulkReplyParser(taker), Buffer.from(input, 'latin1'), sizes)
  return taker.found
}

const bulk = (value: string) => `$${value.length}\r\n${value}\r\n`

describe('each kind of reply', () => {
  test.each<[string, Found]>([
    [bulk('abc'), { value: 'abc' }],
    [bulk(''), { value: '' }],
    [bulk('\r\n$3\r\n'), { value: '\r\n$3\r\n' }],
    [bulk('x'.repeat(100_000)), { value: 'x'.repeat(100_000) }],
    ['$-1\r\n', 'nothing'],
    ['+PONG\r\n', { line: '+PONG' }],
    ['-WRONGTYPE Operation\r\n', { line: '-WRONGTYPE Operation' }],
    [`-ERR ${'x'.repeat(3_000)}\r\n`, { line: `-ERR ${'x'.repeat(3_000)}` }],
  ])('%.20j', (input, found) => {
    expect(parsed(input)).toEqual([found])
  })
})

test('a value is taken only once its end is there', () => {
  expect(parsed('$3\r\nabc\r')).toEqual([])
  expect(parsed('$3\r\nabc\r\n')).toEqual([{ value: 'abc' }])
})

test('a value that is not wanted is read over, and the next one taken', () => {
  const input = `${bulk('y'.repeat(200_000))}${bulk('abc')}`
  expect(parsed(input, [70_000], new Notes(10))).toEqual([{ readOver: 200_000 }, { value: 'abc' }])
})

test('after one head, what follows the next is asked for where it belongs', () => {
  const places: Uint8Array[] = []
  const parser = new BulkReplyParser({
    place: (length) => {
      places.push(new Uint8Array(length))
      return places.at(-1)
    },
    value: () => {},
    nothing: () => {},
    line: () => {},
  })
  feed(parser, Buffer.from(`${bulk('z'.repeat(5_000))}$5000\r\n`), [1_000_000])
  const room = parser.room()
  expect(room.buffer).toBe(places[1]?.buffer)
  expect([room.byteOffset, room.length]).toEqual([0, 5_000])
})

const reply = fc.oneof(
  fc
    .string({ unit: 'binary-ascii', maxLength: 40 })
    .map((value) => ({ text: bulk(value), found: { value } })),
  fc.integer({ min: 90, max: 300 }).map((length) => {
    const value = 'v'.repeat(length)
    return { text: bulk(value), found: { value } }
  }),
  fc.constant({ text: '$-1\r\n', found: 'nothing' as const }),
  fc.stringMatching(/^[-+][ -~]{0,60}$/).map((line) => ({ text: `${line}\r\n`, found: { line } })),
)

test('any replies, in any pieces', () => {
  fc.assert(
    fc.property(
      fc.array(reply, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 8 }),
      (replies, sizes) => {
        expect(parsed(replies.map(({ text }) => text).join(''), sizes)).toEqual(
          replies.map(({ found }) => found),
        )
      },
    ),
  )
})

test('replies cut once, at every byte', () => {
  const input = `${bulk('abcdefgh')}$-1\r\n${bulk('')}-ERR no\r\n${bulk('1234567890123')}`
  const whole = parsed(input)
  for (let cut = 1; cut < input.length; cut++) expect(parsed(input, [cut, input.length])).toEqual(whole)
  expect(whole).toHaveLength(5)
})

describe('what Redis does not send', () => {
  test.each([
    '$abc\r\n',
    '$\r\n',
    '$-2\r\n',
    '$1.5\r\n',
    '$12345678901\r\n',
    '$3\nabc\r\n',
    '$3\r\nabcd\r\n',
    'HTTP/1.1 400 Bad Request\r\n',
    ':1\r\n',
    '*1\r\n',
    '\r\n',
    'x'.repeat(5_000),
  ])('%.20j', (input) => {
    for (const size of [1, 7, 1_000_000]) expect(() => parsed(input, [size])).toThrow(RedisProtocolError)
  })
})
