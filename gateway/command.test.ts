import { describe, expect, test } from 'vitest'
import { CommandError, parseCommand, parsePipeline } from './command.ts'

describe('one command', () => {
  test('becomes its name and its arguments, all as text', () => {
    expect(parseCommand(['SET', 'key', 'value', 'EX', 60])).toEqual(['SET', 'key', 'value', 'EX', '60'])
    expect(parseCommand(['set', 'key', 1.5])).toEqual(['set', 'key', '1.5'])
    expect(parseCommand(['set', 'key', true])).toEqual(['set', 'key', 'true'])
    expect(parseCommand(['PING'])).toEqual(['PING'])
  })

  test('keeps every character of its arguments', () => {
    const argument = '\u0000\r\n"\\ é 漢 😀'
    expect(parseCommand(['set', argument, argument])).toEqual(['set', argument, argument])
  })

  test.each([
    ['no array', { command: 'PING' }],
    ['a string', 'PING'],
    ['null', null],
    ['nothing', []],
    ['a nested array', ['SET', 'key', ['value']]],
    ['a nested object', ['SET', 'key', { a: 1 }]],
    ['a null argument', ['SET', 'key', null]],
    ['an array for its name', [['PING']]],
  ])('is refused if it is %s', (_, body) => {
    expect(() => parseCommand(body)).toThrow(CommandError)
  })
})

test.each(['SUBSCRIBE\u0000x', 'CLIENT\u0000', 'SHUT DOWN', ' SHUTDOWN', '', 'ſave'])(
  '%j is no name of a command',
  (name) => {
    expect(() => parseCommand([name, 'x'])).toThrow(CommandError)
  },
)

test.each(['REPLICAOF', 'ACL', 'CONFIG', 'SWAPDB', 'save', 'MIGRATE'])(
  '%s, which changes the server, is refused',
  (name) => {
    expect(() => parseCommand([name, 'x', 'y'])).toThrow(CommandError)
  },
)

describe('a pipeline', () => {
  test('becomes its commands, in order', () => {
    const body = [
      ['set', 'a', 1],
      ['get', 'a'],
    ]
    expect(parsePipeline(body)).toEqual([
      ['set', 'a', '1'],
      ['get', 'a'],
    ])
  })

  test.each([
    ['no array', { 0: ['PING'] }],
    ['empty', []],
    ['a single command', ['SET', 'key', 'value']],
    ['of an empty command', [['PING'], []]],
    ['of a command with a nested argument', [['SET', 'key', ['value']]]],
  ])('is refused if it is %s', (_, body) => {
    expect(() => parsePipeline(body)).toThrow(CommandError)
  })

  test('is refused as a whole if one command is', () => {
    expect(() =>
      parsePipeline([
        ['SET', 'key', 'value'],
        ['SUBSCRIBE', 'channel'],
      ]),
    ).toThrow(CommandError)
  })
})

/** Commands that would block the connection all requests share. */
const BLOCKING = `BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN WAIT WAITAOF`
/** Commands that would change the state of that connection, or hand it to something else. */
const STATEFUL = `AUTH CLIENT DEBUG DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE
  REPLCONF RESET SELECT SHUTDOWN SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WATCH`

describe('a command that a shared connection cannot serve is refused, in any case', () => {
  test.each([...BLOCKING.split(/\s+/), ...STATEFUL.split(/\s+/)])('%s', (name) => {
    const inAnyCase = [name, name.toLowerCase(), name.charAt(0) + name.slice(1).toLowerCase()]
    for (const written of inAnyCase) {
      expect(() => parseCommand([written, 'key', 0])).toThrow(CommandError)
      expect(() => parsePipeline([[written, 'key', 0]])).toThrow(CommandError)
    }
  })

  test.each([
    ['XREAD', 'BLOCK', '0', 'STREAMS', 'key', '$'],
    ['xread', 'COUNT', '1', 'block', '0', 'streams', 'key', '$'],
    ['xReadGroup', 'GROUP', 'pool', 'me', 'bLoCk', '0', 'STREAMS', 'key', '>'],
    ['SCRIPT', 'DEBUG', 'YES'],
    ['script', 'debug', 'sync'],
  ])('%s %s', (...command) => {
    expect(() => parseCommand(command)).toThrow(CommandError)
  })

  test.each([
    ['XREAD', 'COUNT', '1', 'STREAMS', 'key', '0'],
    ['XREADGROUP', 'GROUP', 'pool', 'me', 'STREAMS', 'key', '>'],
    ['SCRIPT', 'LOAD', 'return 1'],
    ['SET', 'block', 'subscribe'],
    ['EVAL', 'return 1', '0'],
    ['PUBLISH', 'channel', 'message'],
  ])('but not its harmless relative %s %s', (...command) => {
    expect(parseCommand(command)).toEqual(command)
  })
})
