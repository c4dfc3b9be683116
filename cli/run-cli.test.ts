import { describe, expect, test } from 'vitest'
import { cli } from '../test/support/cli-session.ts'
import { ONE_LINE } from '../test/support/edgebatch-process.ts'

const run = (...argv: string[]) => cli({ environment: {} }, ...argv)

describe('help', () => {
  test('is given to who asks for nothing, and names all commands', async () => {
    const { code, stdout, stderr } = await run()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const name of [
      'start',
      'predict',
      'result',
      'cancel',
      'queue',
      'top',
      'doctor',
      'model',
      'keys',
      'dlq',
    ])
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
  })

  test.each([['--help'], ['-h'], ['--json', '--help']])(
    'of a command says how it is called: %s',
    async (...flags) => {
      const { code, stdout } = await run('predict', ...flags)
      expect(code).toBe(0)
      expect(stdout).toContain('  edgebatch predict FILES... [flags]\n')
      expect(stdout).toMatch(/^ {2}--wait SECONDS +How long/m)
      expect(stdout).toMatch(/^Examples:\n {2}# one photo\n {2}edgebatch predict /m)
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(130)
    },
  )

  test('behind -- is an argument as any other', async () => {
    const { code, stderr } = await run('result', '--', '--help')
    expect(code).toBe(2)
    expect(stderr).toContain('"--help" is no id of a job')
  })
})

test('the version is told', async () => {
  expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test.each([
  ['no command', ['mdoel'], /there is no command "edgebatch mdoel"; edgebatch --help lists them/],
  [
    'no command below one',
    ['model', 'ad'],
    /there is no command "edgebatch model ad"; edgebatch model --help/,
  ],
  ['half a command', ['keys'], /which command\? edgebatch keys create \| list \| revoke \| webhook-secret;/],
  ['an inherited name', ['constructor'], /there is no command/],
  ['an unknown flag', ['queue', '--jsno'], /there is no flag --jsno/],
  ['a flag before the command', ['--json', 'queue'], /which command\?/],
])('%s is a usage error, on one line', async (_, argv, message) => {
  const { code, stdout, stderr } = await run(...argv)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(ONE_LINE)
  expect(stderr).toMatch(message)
})

test('a service that is away is another exit code than one that is named wrongly', async () => {
  const away = { EDGEBATCH_URL: 'http://127.0.0.1:1' }
  for (const argv of [['predict', 'examples/cat.jpg'], ['model', 'list'], ['queue'], ['top']]) {
    const { code, stderr } = await cli({ environment: away }, ...argv)
    expect({ code, stderr }).toEqual({
      code: 75,
      stderr: expect.stringMatching(/^edgebatch: cannot reach the edge at 127\.0\.0\.1:1: [^\n]+\n$/),
    })
  }
  const { code } = await cli({ environment: { EDGEBATCH_URL: 'here' } }, 'queue')
  expect(code).toBe(2)
})
