import { expect, test } from 'vitest'
import { CommandError } from './command.ts'
import { commandInTarget } from './path-command.ts'

const bytes = (...values: number[]) => Buffer.from(values)

test.each([
  ['/ping', ['ping']],
  ['/set/foo/bar', ['set', 'foo', 'bar']],
  ['/set/foo/bar/EX/100', ['set', 'foo', 'bar', 'EX', '100']],
  ['/set/foo/bar?EX=100&NX', ['set', 'foo', 'bar', 'EX', '100', 'NX']],
  ['/set/foo/bar?NX=&GET', ['set', 'foo', 'bar', 'NX', 'GET']],
  ['/set/foo/a=b?', ['set', 'foo', 'a=b']],
  ['/set/foo//', ['set', 'foo', '']],
  ['/mget//a', ['mget', '', 'a']],
  ['/get/foo/', ['get', 'foo']],
  ['/set/foo/a+b', ['set', 'foo', 'a+b']],
  ['/scan/0?MATCH=a+b', ['scan', '0', 'MATCH', 'a b']],
  ['/scan/0?MATCH=a=b', ['scan', '0', 'MATCH', 'a=b']],
  ['/get/..', ['get', '..']],
])('%s', (target, command) => {
  expect(commandInTarget(target)).toEqual(command)
})

test.each([
  ['/get/a%2Fb', 'a/b'],
  ['/get/%E6%BC%A2', '漢'],
  ['/get/%253F', '%3F'],
  ['/get/a%3Fb', 'a?b'],
])('%s is decoded to bytes', (target, key) => {
  expect(commandInTarget(target)).toEqual(['get', Buffer.from(key)])
})

test('bytes that are no UTF-8 stay what they are, encoded or not', () => {
  expect(commandInTarget('/get/%FF%00%c3')).toEqual(['get', bytes(0xff, 0, 0xc3)])
  expect(commandInTarget('/get/\u00ff')).toEqual(['get', bytes(0xff)])
})

test('the body comes after the path and before the query', () => {
  const body = bytes(0, 255, 13, 10)
  expect(commandInTarget('/set/foo?EX=100', body)).toEqual(['set', 'foo', body, 'EX', '100'])
})

test('an empty body is no argument', () => {
  expect(commandInTarget('/publish/chat/hello', Buffer.alloc(0))).toEqual(['publish', 'chat', 'hello'])
})

test.each([
  '?_token=secret',
  '?_token=secret&EX=100',
  '?EX=100&_token=secret',
  '?%5Ftoken=secret',
  '?_token',
])('the token in %s is no argument', (query) => {
  const expected = query.includes('EX') ? ['get', 'foo', 'EX', '100'] : ['get', 'foo']
  expect(commandInTarget(`/get/foo${query}`)).toEqual(expected)
})

test.each(['/get/%', '/get/%zz', '/get/%f', '/get/a?%=b', '/get/a?b=%4', '/%g0'])(
  '%s is refused',
  (target) => {
    expect(() => commandInTarget(target)).toThrow(CommandError)
  },
)
