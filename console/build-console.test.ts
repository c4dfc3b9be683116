import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import type { ConsoleAssets } from '../edge/console-assets.ts'
import { buildConsole } from './build-console.ts'

/** Of all scripts of all pages together, as they are sent: what was promised. */
const MAX_SCRIPT_BYTES = 90_000

let assets: ConsoleAssets
beforeAll(async () => {
  assets = await buildConsole()
})

const ofType = (type: string) => Object.entries(assets).filter(([, asset]) => asset.type.startsWith(type))

test('all scripts together stay under 90 KB as they are sent', () => {
  const scripts = ofType('text/javascript')
  const sizes = scripts.map(([, { body }]) => gzipSync(body).length)
  const all = sizes.reduce((sum, size) => sum + size, 0)
  expect(all).toBeGreaterThan(1_000)
  expect(all).toBeLessThan(MAX_SCRIPT_BYTES)
})

test('pages hold nothing that their policy forbids, and what they load is there', () => {
  const pages = ofType('text/html')
  expect(pages.map(([path]) => path).sort()).toEqual(['/', '/dashboard'])
  for (const [, { body }] of pages) {
    expect(body).not.toMatch(/<style| style=| on\w+=|<script(?![^>]* src=)/)
    const loaded = [...body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path)
    expect(loaded.length).toBeGreaterThan(1)
    for (const path of loaded) expect(assets).toHaveProperty([path as string])
  }
})

test('names of files change with their contents', () => {
  for (const path of Object.keys(assets).filter((path) => path.startsWith('/assets/')))
    expect(path).toMatch(/-[\w-]{8}\.(js|css|svg)$/)
})
