import { describe, expect, test } from 'vitest'
import { type CommandLine, refusalOf } from './command.ts'

test.each([
  'SUBSCRIBE\u0000x',
  'CLIENT\u0000',
  'SHUT DOWN',
  ' SHUTDOWN',
  '',
  'ſave',
  'constructor',
  'CONSTRUCTOR',
])('%j is no name of a command', (name) => {
  expect(refusalOf([name, 'x'])).toBe('ERR unknown command')
})

test.each(['REPLICAOF', 'ACL', 'CONFIG', 'SWAPDB', 'save', 'MIGRATE'])(
  '%s, which changes the server, is refused',
  (name) => {
    expect(refusalOf([name, 'x', 'y'])).toBe(`ERR Command is not available: '${name.toUpperCase()}'`)
  },
)

/** Commands that would block the connection all requests share. */
const BLOCKING = `BLMOVE BLMOVEM BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN WAIT WAITAOF`
/** Commands that would change the state of that connection, or hand it to something else. */
const STATEFUL = `AUTH CLIENT DEBUG DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE
  REPLCONF RESET SELECT SHUTDOWN SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WATCH`

describe('a command that a shared connection cannot serve is refused, in any case', () => {
  test.each([...BLOCKING.split(/\s+/), ...STATEFUL.split(/\s+/)])('%s', (name) => {
    const inAnyCase = [name, name.toLowerCase(), name.charAt(0) + name.slice(1).toLowerCase()]
    for (const written of inAnyCase) {
      expect(refusalOf([written, 'key', '0'])).toBe(`ERR Command is not available: '${name}'`)
    }
  })

  const bytes = Buffer.from
  test.each<CommandLine>([
    ['XREAD', 'BLOCK', '0', 'STREAMS', 'key', '$'],
    ['xread', 'COUNT', '1', 'block', '0', 'streams', 'key', '$'],
    ['xReadGroup', 'GROUP', 'pool', 'me', 'bLoCk', '0', 'STREAMS', 'key', '>'],
    ['XREAD', bytes('BLOCK'), '0', 'STREAMS', 'key', '$'],
    ['SCRIPT', 'DEBUG', 'YES'],
    ['script', bytes('debug'), 'sync'],
  ])('%s %s', (...command) => {
    expect(refusalOf(command)).toMatch(/^ERR Command is not available: /)
  })

  test.each<CommandLine>([
    ['XREAD', 'COUNT', '1', 'STREAMS', 'key', '0'],
    ['XREAD', 'STREAMS', 'block', '0'],
    ['XREADGROUP', 'GROUP', 'pool', 'me', 'STREAMS', 'key', '>'],
    ['SCRIPT', 'LOAD', 'return 1'],
    ['SET', 'block', 'subscribe'],
    ['EVAL', 'return 1', '0'],
    ['PUBLISH', 'channel', 'message'],
  ])('but not its harmless relative %s %s', (...command) => {
    expect(refusalOf(command)).toBeUndefined()
  })
})
