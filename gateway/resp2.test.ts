import { expect, test } from 'vitest'
import { resp2Of } from './resp2.ts'

const bytes = Buffer.from

test.each([
  [{ error: 'ERR no such command' }, '-ERR no such command\r\n'],
  [{ reply: null }, '$-1\r\n'],
  [{ reply: '0' }, ':0\r\n'],
  [{ reply: bytes('') }, '$0\r\n\r\n'],
  [{ reply: bytes('17') }, '$2\r\n17\r\n'],
  [
    { reply: [bytes('17'), [bytes('key'), bytes('string')]] },
    '*2\r\n$2\r\n17\r\n*2\r\n$3\r\nkey\r\n$6\r\nstring\r\n',
  ],
])('%j', (outcome, expected) => {
  expect(resp2Of(outcome).toString()).toBe(expected)
})

test('bytes that are no text stay what they are', () => {
  expect(resp2Of({ reply: bytes([0xff, 0, 0x0d]) })).toEqual(
    bytes([0x24, 0x33, 13, 10, 0xff, 0, 0x0d, 13, 10]),
  )
})
