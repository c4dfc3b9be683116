import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { UsageError } from '../user-error.ts'
import type { Outcome } from './outcome.ts'
import { ResultsFile } from './results-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-results-'))
})
afterAll(() => rm(folder, { recursive: true }))

const fresh = () => join(folder, crypto.randomUUID())

function outcome(file: string, key: string, status?: PublicJob['status'], id = `job of ${file}`): Outcome {
  const job = status && ({ id, status } as PublicJob)
  return { file, key, job: job ?? null, error: job ? null : { code: 'unsupported-image', detail: 'No.' } }
}

/** What a run that comes after those finds. */
async function resumed(...outcomes: Outcome[]): Promise<ResultsFile> {
  const path = fresh()
  const first = await ResultsFile.open(path)
  for (const each of outcomes) await first.add(each)
  await first.close()
  return ResultsFile.open(path)
}

describe('what an earlier run has written', () => {
  test('has the results of photos that succeeded, by name and question', async () => {
    const results = await resumed(outcome('a', 'key', 'succeeded'), outcome('b', 'other'))
    expect(results.hasResult('a', 'key')).toBe(true)
    expect(results.hasResult('a', 'changed')).toBe(false)
    expect(results.hasResult('copy of a', 'key')).toBe(false)
    expect(results.hasResult('b', 'other')).toBe(false)
    await results.close()
  })

  test('has the job that had not ended, until it has', async () => {
    const pending = await resumed(outcome('a', 'key', 'queued', 'the id'))
    expect(pending.pendingJob('key')).toBe('the id')
    await pending.add(outcome('a', 'key', 'succeeded', 'the id'))
    expect(pending.pendingJob('key')).toBeUndefined()
    await pending.close()
  })

  test('counts the jobs that ended without a result, so that the next is another', async () => {
    const results = await resumed(
      outcome('a', 'key', 'failed'),
      outcome('a', 'key', 'expired'),
      outcome('b', 'b'),
    )
    expect([results.rounds('key'), results.rounds('b')]).toEqual([2, 0])
    await results.close()
  })
})

test('a line that was cut off is taken away, and what comes is a line of its own', async () => {
  const path = fresh()
  const whole = JSON.stringify(outcome('ü', 'key', 'succeeded'))
  await writeFile(path, `${whole}\n${whole.slice(0, 30)}`)
  const results = await ResultsFile.open(path)
  await results.add(outcome('b', 'b'))
  await results.close()
  expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toEqual([
    whole,
    JSON.stringify(outcome('b', 'b')),
  ])
})

test('a last line that lacks nothing but its end is kept', async () => {
  const path = fresh()
  await writeFile(path, JSON.stringify(outcome('a', 'key', 'succeeded')))
  const results = await ResultsFile.open(path)
  expect(results.hasResult('a', 'key')).toBe(true)
  await results.add(outcome('b', 'b'))
  await results.close()
  expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(3)
})

test('lines may be longer than what is read at once', async () => {
  const path = fresh()
  const long = JSON.stringify({ ...outcome('ü'.repeat(1_500_000), 'key', 'succeeded') })
  await writeFile(path, `${JSON.stringify(outcome('a', 'a', 'succeeded'))}\n${long}\n${long.slice(0, -9)}`)
  const results = await ResultsFile.open(path)
  expect([results.hasResult('a', 'a'), results.hasResult('ü'.repeat(1_500_000), 'key')]).toEqual([true, true])
  await results.close()
  expect((await readFile(path, 'utf8')).endsWith(`${long}\n`)).toBe(true)
})

test('two runs with one file leave whole lines', async () => {
  const path = fresh()
  const [one, other] = [await ResultsFile.open(path), await ResultsFile.open(path)]
  const long = 'x'.repeat(1_500_000)
  await Promise.all([one.add(outcome(long, 'a', 'succeeded')), other.add(outcome(long, 'b', 'succeeded'))])
  await Promise.all([one.close(), other.close()])
  const again = await ResultsFile.open(path)
  expect([again.hasResult(long, 'a'), again.hasResult(long, 'b')]).toEqual([true, true])
  await again.close()
})

test('what is no file is refused', async () => {
  await expect(ResultsFile.open('/dev/null')).rejects.toThrow(/is no file/)
})

test.each([
  ['a photo', '\u00ff\u00d8\u00ff'],
  ['text without an end', 'notes'],
  ['other JSON lines', '{"name":"x"}\n'],
  ['a package.json', '{\n  "name": "x"\n}\n'],
])('%s is refused, and left as it was', async (_, text) => {
  const path = fresh()
  await writeFile(path, text)
  await expect(ResultsFile.open(path)).rejects.toThrow(UsageError)
  expect(await readFile(path, 'utf8')).toBe(text)
})

test('a folder that is not there is told', async () => {
  await expect(ResultsFile.open(join(folder, 'none', 'file'))).rejects.toThrow(/--resume .* cannot be opened/)
})
