import { expect, test } from 'vitest'
import { readStartFlags } from './start-flags.ts'

test('flags are settings by another name', () => {
  expect(readStartFlags(['--port', '9000', '--pools=2', '--edge', 'node'])).toEqual({
    PORT: '9000',
    POOLS: '2',
    EDGE: 'node',
  })
  expect(readStartFlags(['--edgebatch-start'])).toEqual({})
})

test.each([
  ['--port', '0x', '--port: must be a port number, 0 to 65535 (0 takes any that is free)'],
  ['--port', '', '--port: needs a value'],
  ['--pools', '65', '--pools: must be a whole number, 0 to 64'],
  ['--edge', 'deno', '--edge: must be workerd or node'],
])('a wrong value is told by the name of its flag: %s %s', (flag, value, message) => {
  expect(() => readStartFlags([flag, value])).toThrow(new RegExp(`^${message.replaceAll(/[()]/g, '\\$&')}$`))
})

test.each([
  [['--prot', '9000'], "'--prot'"],
  [['9000'], "'9000'"],
  [['--port'], "'--port <value>'"],
])('what is no flag is refused, with those that there are: %j', (argv, named) => {
  expect(() => readStartFlags(argv)).toThrow(
    new RegExp(
      `^[^\\n]*${named}[^\\n]*\\. npm start takes variables, as in PORT=9000 npm start, and behind -- the flags`,
    ),
  )
})
