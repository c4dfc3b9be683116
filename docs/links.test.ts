import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** What others wrote, or a machine makes. */
const NOT_OURS = ['node_modules', '.edgebatch', '.wrangler', 'dist']
const DOCUMENTS = globSync('**/*.md', { cwd: ROOT, exclude: (path) => NOT_OURS.includes(basename(path)) })

/** Without what stands in code, where brackets mean something else. */
const prose = (text: string) =>
  text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').replaceAll(/`[^`\n]*`(?!\])/g, '')

/** What a heading is called in addresses, as GitHub makes it. */
function anchorsOf(file: string): Set<string> {
  const headings = readFileSync(join(ROOT, file), 'utf8')
    .replaceAll(/^ *```[\s\S]*?^ *```/gm, '')
    .matchAll(/^#+ (.+)$/gm)
  const names = [...headings].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )
  return new Set(names)
}

/** Links of a text in `file` that lead nowhere. */
function brokenLinks(text: string, file: string): string[] {
  const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? file : relative(ROOT, join(ROOT, dirname(file), path))
    if (!existsSync(join(ROOT, target))) return true
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor)
  })
}

test('a link to a file or a heading that is not there is told', () => {
  expect(
    brokenLinks('[a](no.md) [b](README.md#no) [c](README.md#why) [d](#no) [e](https://x.test/)', 'README.md'),
  ).toEqual(['no.md', 'README.md#no', '#no'])
})

test.each(DOCUMENTS)('every link of %s leads somewhere', (file) => {
  expect(brokenLinks(readFileSync(join(ROOT, file), 'utf8'), file)).toEqual([])
})
