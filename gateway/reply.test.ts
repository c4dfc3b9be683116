import { expect, test } from 'vitest'
import { encodeReply, type RawReply } from './reply.ts'

const bytes = (text: string) => Buffer.from(text)
const base64 = (text: string) => Buffer.from(text).toString('base64')

test('strings stay text, or become base64 where asked', () => {
  expect(encodeReply(bytes('héllo'), 'utf8')).toBe('héllo')
  expect(encodeReply(bytes('héllo'), 'base64')).toBe(base64('héllo'))
  expect(encodeReply(bytes(''), 'utf8')).toBe('')
  expect(encodeReply(bytes(''), 'base64')).toBe('')
})

test('a status that comes as text is encoded like any other string', () => {
  expect(encodeReply('PONG', 'utf8')).toBe('PONG')
  expect(encodeReply('PONG', 'base64')).toBe(base64('PONG'))
})

test('every byte survives base64', () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  expect(Buffer.from(encodeReply(all, 'base64') as string, 'base64')).toEqual(all)
})

test.each(['utf8', 'base64'] as const)('integers and null stay what they are (%s)', (encoding) => {
  expect(encodeReply(42, encoding)).toBe(42)
  expect(encodeReply(0, encoding)).toBe(0)
  expect(encodeReply(-1, encoding)).toBe(-1)
  expect(encodeReply(null, encoding)).toBeNull()
  expect(encodeReply([], encoding)).toEqual([])
})

test('a bare OK is never encoded', () => {
  expect(encodeReply(bytes('OK'), 'base64')).toBe('OK')
  expect(encodeReply(bytes('OK'), 'utf8')).toBe('OK')
})

test('an OK among others is a string like them', () => {
  expect(encodeReply([bytes('OK')], 'base64')).toEqual([base64('OK')])
})

test('lists are encoded to any depth', () => {
  const stream: RawReply = [[bytes('1-0'), [bytes('field'), bytes('värde')]], [bytes('2-0'), null], 7]
  expect(encodeReply(stream, 'base64')).toEqual([
    [base64('1-0'), [base64('field'), base64('värde')]],
    [base64('2-0'), null],
    7,
  ])
  expect(encodeReply(stream, 'utf8')).toEqual([['1-0', ['field', 'värde']], ['2-0', null], 7])
})
