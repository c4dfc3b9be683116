import { expect, test } from 'vitest'
import type { CommandLine } from './command.ts'
import { CommandTable } from './command-table.ts'
import { readOnlyRefusal } from './read-only-rule.ts'

/** One command as Redis lists it; all but its name, flags, categories and subcommands says nothing here. */
function listed(name: string, flags: string[], categories: string[], subcommands: unknown[] = []) {
  return [Buffer.from(name), '0', flags, '0', '0', '0', categories, [], [], subcommands]
}

const TABLE = new CommandTable([
  listed('get', ['readonly', 'fast'], ['@read', '@string']),
  listed('set', ['write'], ['@write', '@string']),
  listed('scan', ['readonly'], ['@keyspace', '@read']),
  listed('keys', ['readonly'], ['@read', '@dangerous']),
  listed('eval_ro', ['readonly'], ['@slow', '@scripting']),
  listed('graph.ro_query', ['readonly'], []),
  listed(
    'memory',
    [],
    ['@slow'],
    [listed('memory|usage', ['readonly'], ['@read']), listed('memory|purge', [], ['@slow'])],
  ),
])

test.each<[CommandLine]>([
  [['GET', 'a']],
  [['get', 'a']],
  [['GRAPH.RO_QUERY', 'g', 'q']],
  [['MEMORY', 'usage', 'a']],
  [['MEMORY', Buffer.from('USAGE'), 'a']],
  [['PING']],
])('a command that only reads may run: %j', (command) => {
  expect(readOnlyRefusal(command, TABLE)).toBeUndefined()
})

test.each<[string, CommandLine]>([
  ['writes', ['SET', 'a', 'x']],
  ['lists keys', ['SCAN', '0']],
  ['is dangerous to Redis', ['KEYS', '*']],
  ['is a script, though one that reads', ['EVAL_RO', 'return 1', '0']],
  ['has a subcommand that does more', ['MEMORY', 'PURGE']],
  ['has a subcommand that Redis did not list', ['MEMORY', 'NEW']],
  ['lacks its subcommand', ['MEMORY']],
  ['Redis did not list', ['NOSUCH']],
])('one that %s may not, and is told as Redis tells it', (_, command) => {
  expect(readOnlyRefusal(command, TABLE)).toBe(
    `NOPERM this user has no permissions to run the '${command[0].toLowerCase()}' command or its subcommand`,
  )
})
