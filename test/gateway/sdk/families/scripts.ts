import { createHash } from 'node:crypto'
import { family, refused } from '../calls.ts'

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')

const WRITES = `redis.call('SET', KEYS[1], ARGV[1]) return {ARGV[1], 7, {'deep', {KEYS[1]}}, false, 'after'}`
const READS = `return redis.call('GET', KEYS[1])`
const LIBRARY = `#!lua name=lib
redis.register_function{function_name='put', callback=function(keys, args) return redis.call('SET', keys[1], args[1]) end}
redis.register_function{function_name='look', callback=function(keys) return {redis.call('GET', keys[1]), 1} end, flags={'no-writes'}}
`

/** Scripts and functions are not of one database: those before and those after are forgotten. */
export const scripts = family(
  'scripts and functions',
  (r) => r.scriptFlush({ sync: true }),
  (r) => r.scriptExists(sha1(READS)),
  refused((r) => r.evalsha(sha1(READS), ['a'], [])),
  (r) => r.eval(WRITES, ['a'], ['grüße']),
  (r) => r.evalsha(sha1(WRITES), ['a'], ['again']),
  (r) => r.scriptLoad(READS),
  (r) => r.scriptExists(sha1(READS), '0'.repeat(40)),
  (r) => r.evalsha(sha1(READS), ['a'], []),
  (r) => r.evalRo(READS, ['a'], []),
  (r) => r.evalRo(READS, ['missing'], []),
  (r) => r.evalshaRo(sha1(READS), ['a'], []),
  refused((r) => r.evalRo(WRITES, ['a'], ['x'])),
  refused((r) => r.eval(`return redis.error_reply('MYERROR told')`, [], [])),
  (r) => r.eval(`return redis.status_reply('FINE')`, [], []),
  (r) => r.eval('return {1.9, -3, 9007199254740991}', [], []),
  (r) => r.eval(`return {ok='OK'}`, [], []),
  (r) => r.eval(`return {'OK', {'OK'}}`, [], []),
  (r) => r.eval('return {}', [], []),
  (r) => r.eval(`return {1, redis.error_reply('MYERROR in a list'), 'after'}`, [], []),
  (r) => r.scriptFlush({ async: true }),
  (r) => r.functions.flush(),
  (r) => r.functions.load({ code: LIBRARY }),
  refused((r) => r.functions.load({ code: LIBRARY })),
  (r) => r.functions.load({ code: LIBRARY, replace: true }),
  (r) => r.functions.list(),
  (r) => r.functions.list({ libraryName: 'lib', withCode: true }),
  (r) => r.functions.stats(),
  (r) => r.functions.call('put', ['f'], ['grüße']),
  (r) => r.functions.callRo('look', ['f']),
  refused((r) => r.functions.callRo('put', ['f'], ['x'])),
  (r) => r.functions.delete('lib'),
  refused((r) => r.functions.delete('lib')),
)
