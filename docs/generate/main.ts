import { mkdir, writeFile } from 'node:fs/promises'
import { referencePages } from './pages.ts'

const ROOT = new URL('../../', import.meta.url)

/** Entry: writes docs/reference/ anew, after a change to a schema that it is made from. */
const folder = new URL('docs/reference/', ROOT)
await mkdir(folder, { recursive: true })
for (const [name, text] of Object.entries(await referencePages(ROOT)))
  await writeFile(new URL(name, folder), text)
