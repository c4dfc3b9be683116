import { expect, test } from 'vitest'
import { type RawReply, replyJson } from './reply.ts'

const bytes = (text: string) => Buffer.from(text)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const read = (reply: RawReply, encoding: 'utf8' | 'base64') => JSON.parse(replyJson(reply, encoding))

test('strings stay text, or become base64 where asked', () => {
  const text = 'héllo "\\\u0000\n😀'
  expect(read(bytes(text), 'utf8')).toBe(text)
  expect(read(bytes(text), 'base64')).toBe(base64(text))
  expect(read(bytes(''), 'utf8')).toBe('')
  expect(read(bytes(''), 'base64')).toBe('')
})

test('every byte survives base64', () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  expect(Buffer.from(read(all, 'base64'), 'base64')).toEqual(all)
})

test('what is no text is replaced where text is asked', () => {
  expect(read(Buffer.from([0x61, 0xff, 0x62]), 'utf8')).toBe('a\ufffdb')
})

test.each(['utf8', 'base64'] as const)('integers and null stay what they are (%s)', (encoding) => {
  expect(replyJson('42', encoding)).toBe('42')
  expect(replyJson('-1', encoding)).toBe('-1')
  expect(replyJson('9223372036854775807', encoding)).toBe('9223372036854775807')
  expect(replyJson(null, encoding)).toBe('null')
  expect(replyJson([], encoding)).toBe('[]')
})

test('a bare OK is never encoded', () => {
  expect(read(bytes('OK'), 'base64')).toBe('OK')
  expect(read(bytes('OK'), 'utf8')).toBe('OK')
})

test('an OK among others is a string like them', () => {
  expect(read([bytes('OK')], 'base64')).toEqual(['T0s='])
})

test('lists are encoded to any depth, errors in them as strings', () => {
  const stream: RawReply = [
    [bytes('1-0'), [bytes('field'), bytes('värde')]],
    [bytes('2-0'), null],
    '7',
    new Error('ERR x'),
  ]
  expect(read(stream, 'base64')).toEqual([
    [base64('1-0'), [base64('field'), base64('värde')]],
    [base64('2-0'), null],
    7,
    base64('ERR x'),
  ])
  expect(read(stream, 'utf8')).toEqual([['1-0', ['field', 'värde']], ['2-0', null], 7, 'ERR x'])
})
