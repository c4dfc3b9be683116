import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { PROBLEMS } from '../shared/errors.ts'

const DOCUMENT = new URL('../docs/api.md', import.meta.url)

test('the document has a row for each problem, with its status, whether it is retryable, and its title', async () => {
  const text = await readFile(DOCUMENT, 'utf8')
  const rows = [...text.matchAll(/^\| `([a-z-]+)` *\| (\d{3}) *\| (yes|no) *\| (.*?) *\|$/gm)].map((row) =>
    row.slice(1).join(' | '),
  )
  const problems = Object.entries(PROBLEMS).map(([code, { status, retryable, title }]) =>
    [code, status, retryable ? 'yes' : 'no', title].join(' | '),
  )
  expect(rows.sort()).toEqual(problems.sort())
})
