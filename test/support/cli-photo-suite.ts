import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { cli } from './cli-session.ts'
import { CliStack } from './cli-stack.ts'
import { ONE_LINE } from './edgebatch-process.ts'
import { example } from './photos.ts'
import { MODEL } from './stack.ts'
import { storeApiKey } from './stored-api-key.ts'

interface JsonLine {
  file: string
  job: PublicJob | null
  error: { code: string } | null
}
const parsed = (lines: string) =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonLine)

/** What the command line does with photos and jobs, against a real stack. */
export function cliPhotoSuite(at: () => CliStack): void {
  test('a photo has its labels, for people and for programs, also from standard input', async () => {
    const { code, stdout, stderr } = await at().run('predict', 'examples/cat.jpg')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^examples\/cat\.jpg: tiger_cat \d\d\.\d%, Egyptian_cat [^\n]*\n$/)
    const input = example('cat.jpg')
    const piped = await cli(
      { environment: at().environment(), input },
      'predict',
      '-',
      '--json',
      '--model',
      `${MODEL}@1`,
    )
    expect(parsed(piped.stdout)).toMatchObject([
      { file: '-', job: { status: 'succeeded', model: MODEL }, error: null },
    ])
  })

  test('what is no photo among many is told, and costs the others nothing', async () => {
    const [first, second] = await at().photos(2)
    await writeFile(join(at().folder, 'notes.jpg'), 'no photo')
    await writeFile(join(at().folder, 'empty.jpg'), '')
    const files = [first, join(at().folder, 'notes.jpg'), second, join(at().folder, 'empty.jpg')] as string[]
    const { code, stdout, stderr } = await at().run('predict', ...files)
    expect(code).toBe(1)
    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
    expect(stderr).toMatch(/^edgebatch: \S+notes\.jpg: This is not an image/m)
    expect(stderr).toMatch(/^edgebatch: \S+empty\.jpg: /m)
    expect(stderr).toMatch(/^edgebatch: 2 of 4 succeeded, 2 failed or were refused$/m)
  })

  test('a photo that is sent again, asked the same, makes no other job', async () => {
    const [photo = ''] = await at().photos(1)
    const ids = []
    for (const flags of [[], [], ['--priority', 'low'], ['--anew']]) {
      const { stdout } = await at().run('predict', photo, '--json', ...flags)
      ids.push(parsed(stdout)[0]?.job?.id)
    }
    expect(ids[1]).toBe(ids[0])
    expect(new Set(ids).size).toBe(3)
  })

  test('a run that Ctrl-C ends is gone on with: what is done is not sent again, what was sent is not run twice', async () => {
    const results = join(at().folder, 'results.jsonl')
    const all = await at().photos(4)
    const before = await at().jobsMade()
    expect((await at().run('predict', ...all.slice(0, 2), '--resume', results)).code).toBe(0)
    const { goOn } = at().standstill()
    const args = ['cli/main.ts', 'predict', ...all, '--resume', results]
    const child = spawn(process.execPath, args, { cwd: PROJECT_ROOT, env: at().environment() })
    const [said, ended] = [text(child.stderr), once(child, 'exit')]
    while ((await at().backlog()) < 2);
    child.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    expect(await said).toMatch(/2 of 4 succeeded, 2 of them earlier\n.*interrupted; run the same again/)
    goOn()
    const again = await at().run('predict', ...all, '--resume', results)
    expect(again).toMatchObject({ code: 0, stderr: 'edgebatch: 4 of 4 succeeded, 2 of them earlier\n' })
    expect(
      parsed(await readFile(results, 'utf8'))
        .map(({ file }) => file)
        .sort(),
    ).toEqual([...all].sort())
    expect((await at().jobsMade()) - before).toBe(4)
  })

  test('what was handed in is asked for by its id, canceled, and collected by the next run', async () => {
    const results = join(at().folder, 'collected.jsonl')
    const all = await at().photos(2)
    const { goOn } = at().standstill()
    const { stdout } = await at().run('predict', ...all, '--async', '--resume', results)
    expect(stdout).toMatch(/^(\S+\.jpg: queued: \S+\n){2}$/)
    const [canceled = '', other = ''] = parsed(await readFile(results, 'utf8')).map(({ job }) => job?.id)
    const pending = await at().run('result', other)
    expect(pending).toMatchObject({ code: 75, stdout: expect.stringMatching(/: queued, number \d in line/) })
    expect(await at().run('cancel', canceled)).toEqual({
      code: 0,
      stdout: `${canceled}: canceled\n`,
      stderr: '',
    })
    expect(await at().run('result', canceled)).toMatchObject({ code: 1, stdout: `${canceled}: canceled\n` })
    goOn()
    const late = await at().run('result', other, '--wait', '60', '--json')
    expect(JSON.parse(late.stdout)).toMatchObject({ id: other, status: 'succeeded' })
    expect(await at().run('cancel', other)).toMatchObject({
      code: 1,
      stderr: `edgebatch: ${other} had ended before\n`,
    })
    // What was canceled has no result: it is tried again, as another job.
    expect(await at().run('predict', ...all, '--resume', results)).toMatchObject({ code: 1 })
    const last = await at().run('predict', ...all, '--resume', results, '--json')
    expect(last).toMatchObject({ code: 0 })
    expect(parsed(last.stdout)[0]?.job?.id).not.toBe(canceled)
  })

  test('of a batch, each image has its line', async () => {
    const { EDGEBATCH_URL, EDGEBATCH_API_KEY } = at().environment()
    const form = new FormData()
    for (const bytes of [example('cat.jpg'), Buffer.from('no photo')])
      form.append('image', new Blob([new Uint8Array(bytes)]), 'photo')
    const headers = { authorization: `Bearer ${EDGEBATCH_API_KEY}`, prefer: 'respond-async' }
    const answer = await fetch(`${EDGEBATCH_URL}/predict`, { method: 'POST', body: form, headers })
    const { id } = (await answer.json()) as { id: string }
    const { code, stdout } = await at().run('result', id, '--wait', '60')
    // Not all of it has a result.
    expect(code).toBe(1)
    expect(stdout).toMatch(
      new RegExp(`^${id}: completed\\n  0: tiger_cat .*\\n  1: This is not an image.*\\n$`),
    )
  })

  test('a full queue is waited for as long as it says', async () => {
    const { goOn } = at().standstill()
    const waiting = await at().photos(CliStack.BACKLOG)
    expect(await at().run('predict', ...waiting, '--async')).toMatchObject({ code: 0 })
    const [late = ''] = await at().photos(1)
    const refused = await at().run('predict', late, '--wait', '1')
    expect(refused).toMatchObject({ code: 75, stdout: '' })
    expect(refused.stderr).toMatch(/was not accepted within --wait; try again later\n$/)
    goOn()
    // It may find the queue full still, and say so.
    expect(await at().run('predict', late)).toMatchObject({ code: 0 })
  })

  test('a rate that is used up is kept to, and nothing is lost by it', async () => {
    const limited = await storeApiKey(at().stack, { rate: { limit: 5, window_seconds: 1 } })
    const all = await at().photos(8)
    const { code, stderr } = await cli({ environment: at().environment(limited.token) }, 'predict', ...all)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^edgebatch: 8 of 8 succeeded\n$/m)
  })

  test.each<[what: string, code: number, change: Record<string, string>, argv: string[], message: RegExp]>([
    ['no key', 1, { EDGEBATCH_API_KEY: '' }, [], /asks for an API key: set EDGEBATCH_API_KEY/],
    [
      'a wrong key',
      1,
      { EDGEBATCH_API_KEY: `eb_abcdefghijkl_${'x'.repeat(43)}` },
      [],
      /does not take this API key/,
    ],
    ['a model that is not there', 1, {}, ['--model', 'none'], /says model-not-found: /],
    ['a priority that the key may not use', 1, {}, ['--priority', 'high'], /says forbidden: /],
  ])(
    '%s ends the run with one line, and the key is not in it',
    async (_, expected, change, argv, message) => {
      const files = ['examples/cat.jpg', 'examples/cat.png', 'examples/rocket.jpg']
      const { code, stdout, stderr } = await cli(
        { environment: { ...at().environment(), ...change } },
        'predict',
        ...files,
        ...argv,
      )
      expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
      expect(stderr).toMatch(ONE_LINE)
      expect(stderr).toMatch(message)
      expect(stderr).not.toContain('eb_')
    },
  )
}
