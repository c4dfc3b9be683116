import { describe, expect, test } from 'vitest'
import { CommandError } from './command.ts'
import { commandIn, commandsIn, MAX_ARGUMENTS } from './json-commands.ts'

const one = (text: string) => commandIn(Buffer.from(text))
const several = (text: string, max = 10) => commandsIn(Buffer.from(text), 'pipeline request', max)

describe('one command', () => {
  test('becomes its name and its arguments, all as text', () => {
    expect(one('["SET", "key", "value", "EX", 60]')).toEqual(['SET', 'key', 'value', 'EX', '60'])
    expect(one('["set", "key", true]')).toEqual(['set', 'key', 'true'])
    expect(one('["PING"]')).toEqual(['PING'])
  })

  test('keeps every character of its arguments', () => {
    const argument = '\u0000\r\n"\\ é 漢 😀'
    expect(one(JSON.stringify(['set', argument, argument]))).toEqual(['set', argument, argument])
  })

  test.each(['9007199254740993', '-9223372036854775808', '18446744073709551615', '0.10', '1e400'])(
    'keeps the number %s as it is written',
    (number) => {
      expect(one(`["set", "key", ${number}, 1, true, "${number}"]`)).toEqual([
        ...['set', 'key', number, '1', 'true', number],
      ])
    },
  )

  test.each([
    ['no array', '{"0": "PING"}', 'expected a JSON array'],
    ['a string', '"PING"', 'expected a JSON array'],
    ['null', 'null', 'expected a JSON array'],
    ['a nested array', '["SET", "key", ["value"]]', 'its arguments must be'],
    ['a nested object', '["SET", "key", {"a": 1}]', 'its arguments must be'],
    ['a null argument', '["SET", "key", null]', 'its arguments must be'],
    ['an array for its name', '[["PING"]]', 'its arguments must be'],
    ['no JSON', '["PING"', 'the body is not JSON'],
    ['nothing', '', 'the body is not JSON'],
    ['nested too deep', '['.repeat(1_000_000), 'the body is not JSON'],
    ['nested deep and whole', '['.repeat(100_000) + ']'.repeat(100_000), 'its arguments must be'],
  ])('is refused if it is %s', (_, text, why) => {
    expect(() => one(text)).toThrow(CommandError)
    expect(() => one(text)).toThrow(`ERR failed to parse command: ${why}`)
  })

  test('is refused if it is empty', () => {
    expect(() => one('[]')).toThrow('ERR empty command')
  })

  test.each([
    ['a byte that begins nothing', [0xff]],
    ['half a character', [0xc3]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
  ])('is refused if its text has %s', (_, bytes) => {
    const body = Buffer.concat([Buffer.from('["SET", "key", "'), Buffer.from(bytes), Buffer.from('"]')])
    expect(() => commandIn(body)).toThrow('ERR failed to parse command: the body is not UTF-8')
  })
})

describe('a pipeline', () => {
  test('becomes its commands, in order, with numbers as they are written', () => {
    expect(several('[["set", "a", 1], ["incrby", "a", 9007199254740993]]')).toEqual([
      ['set', 'a', '1'],
      ['incrby', 'a', '9007199254740993'],
    ])
  })

  test.each([
    ['no array', '{"0": ["PING"]}', 'expected a JSON array of commands'],
    ['a single command', '["SET", "key", "value"]', 'each command must be'],
    ['of an empty command', '[["PING"], []]', 'each command must be'],
    ['of a command with a nested argument', '[["SET", "key", ["value"]]]', 'each command must be'],
    ['no JSON', '[["PING"]', 'the body is not JSON'],
  ])('is refused if it is %s', (_, text, why) => {
    expect(() => several(text)).toThrow(CommandError)
    expect(() => several(text)).toThrow(`ERR failed to parse pipeline request: ${why}`)
  })

  test('is refused if it is empty', () => {
    expect(() => several('[]')).toThrow('ERR empty pipeline request')
  })

  test('has so many commands at most', () => {
    const commands = (count: number) => JSON.stringify(Array(count).fill(['PING']))
    expect(several(commands(10))).toHaveLength(10)
    expect(() => several(commands(11))).toThrow(
      'ERR max pipeline size exceeded. Limit: 10 commands, Actual: 11 commands',
    )
  })
})

test('a request has so many names and arguments at most, in one command or in all', () => {
  const ones = (count: number) => Array(count).fill(1).join(',')
  expect(one(`["DEL",${ones(MAX_ARGUMENTS - 1)}]`)).toHaveLength(MAX_ARGUMENTS)
  expect(() => one(`["DEL",${ones(MAX_ARGUMENTS)}]`)).toThrow('ERR max number of arguments exceeded')
  const half = `["DEL",${ones(MAX_ARGUMENTS / 2 - 1)}]`
  expect(several(`[${half},${half}]`)).toHaveLength(2)
  expect(() => several(`[${half},${half},["PING"]]`)).toThrow('ERR max number of arguments exceeded')
})
