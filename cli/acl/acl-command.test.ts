import { createHash } from 'node:crypto'
import { runCommand } from 'citty'
import { expect, test } from 'vitest'
import type { Terminal } from '../terminal.ts'
import { UserError } from '../user-error.ts'
import { aclCommand } from './acl-command.ts'

/** What the command writes to standard output, and to standard error. */
async function acl(...rawArgs: string[]) {
  const [printed, warned]: [string[], string[]] = [[], []]
  const terminal: Terminal = {
    print: (line) => void printed.push(line),
    warn: (line) => void warned.push(line),
    startProgress: () => ({ update: () => {}, stop: () => {} }),
    stopped: new AbortController().signal,
  }
  await runCommand(aclCommand(terminal), { rawArgs })
  return { printed, warned }
}

test('as commands: a line for each user, which has what it had before no longer', async () => {
  const { printed } = await acl()
  expect(printed.map((line) => line.split(' ').slice(0, 5))).toEqual(
    ['edge', 'pool', 'admin'].map((role) => ['ACL', 'SETUSER', `edgebatch-${role}`, 'reset', 'on']),
  )
})

test('as a file: the default user has a password of its own there', async () => {
  const { printed, warned } = await acl('--format', 'acl-file')
  expect(printed).toEqual([
    expect.stringMatching(/^user default on #[0-9a-f]{64} ~\* &\* \+@all$/),
    expect.stringMatching(/^user edgebatch-edge on #[0-9a-f]{64} /),
    expect.stringMatching(/^user edgebatch-pool on #[0-9a-f]{64} /),
    expect.stringMatching(/^user edgebatch-admin on #[0-9a-f]{64} /),
  ])
  expect(warned.at(-1)).toContain('REDISCLI_AUTH=')
})

test('passwords go to standard error alone; what is printed holds their digests, of each run others', async () => {
  const [first, second] = [await acl(), await acl()]
  const passwords = ({ warned }: typeof first) =>
    warned.flatMap((line) => /REDIS_URL=redis:\/\/edgebatch-\w+:([\w-]{43})@/.exec(line)?.[1] ?? [])
  expect(passwords(first)).toHaveLength(3)
  expect(new Set([...passwords(first), ...passwords(second)]).size).toBe(6)
  for (const [i, password] of passwords(first).entries()) {
    expect(first.printed[i]).toContain(`#${createHash('sha256').update(password).digest('hex')} `)
    expect(first.printed.join('\n')).not.toContain(password)
  }
})

test('keys begin with the prefix, whatever it means to a pattern', async () => {
  const { printed } = await acl('--prefix', 'a*[b]\\:')
  expect(printed.join('\n')).toContain(' ~a\\*\\[b\\]\\\\:{*}:job:* ')
  expect(printed.join('\n')).not.toContain('eb:')
})

test('one user can be made anew, and the others stay as they are', async () => {
  const { printed, warned } = await acl('--only', 'pool')
  expect(printed).toEqual([expect.stringMatching(/^ACL SETUSER edgebatch-pool reset /)])
  expect(warned.filter((line) => line.includes('REDIS_URL='))).toHaveLength(1)
})

test.each([
  [['--prefix', 'a b'], /^--prefix must be/],
  [['--prefix', 'a"'], /^--prefix must be/],
  [['--format', 'yaml'], /^--format/],
  [['--only', 'edge,root'], /^--only must be of edge,pool,admin, not "root"$/],
  [['--only', 'edge', '--format', 'acl-file'], /^--only goes with --format setuser/],
  [['--force'], /^there is no flag --force/],
])('%j is refused in one line that says how', async (args, message) => {
  await expect(acl(...args)).rejects.toThrow(UserError)
  await expect(acl(...args)).rejects.toThrow(message)
})
