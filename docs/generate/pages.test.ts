import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { referencePages } from './pages.ts'

const ROOT = new URL('../../', import.meta.url)
const pages = await referencePages(ROOT)
const document = (path: string) => readFile(new URL(`docs/${path}`, ROOT), 'utf8')

test.each(Object.keys(pages))('docs/reference/%s is what the code says (npm run docs)', async (name) => {
  expect(await document(`reference/${name}`)).toBe(pages[name])
})

test('every field of a manifest is explained', async () => {
  const explained = await document('models.md')
  const names = [...(pages['manifest.md'] ?? '').matchAll(/^\| `([\w.]+)`/gm)].flatMap(([, path = '']) =>
    path.split('.'),
  )
  expect(names.length).toBeGreaterThan(20)
  for (const name of new Set(names)) expect(explained, name).toContain(`\`${name}\``)
})
