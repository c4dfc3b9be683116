import { expect, test } from 'vitest'
import lock from '../package-lock.json' with { type: 'json' }
import { isAllowed, productionPackages } from './licences.ts'

const allowed = (licence: string | undefined, name = 'some-package') =>
  isAllowed({ name, version: '1.0.0', licence })

test.each([
  'MIT',
  'Apache-2.0',
  'MIT OR GPL-3.0-only',
  'GPL-3.0-only OR MIT',
  '(MIT OR CC0-1.0)',
  'MIT AND ISC',
])('%s is taken', (licence) => {
  expect(allowed(licence)).toBe(true)
})

test.each([
  undefined,
  '',
  'GPL-3.0-only',
  'AGPL-3.0-or-later',
  'LGPL-3.0-or-later',
  'SEE LICENSE IN LICENSE.md',
  'UNLICENSED',
  'MIT AND GPL-3.0-only',
  'GPL-3.0-only AND MIT',
  'MIT AND (GPL-3.0-only OR AGPL-3.0-only)',
  'MIT OR ISC AND',
  'MIT OR (ISC',
  'MIT ISC',
  'Apache-2.0 WITH LLVM-exception',
])('%s is not', (licence) => {
  expect(allowed(licence)).toBe(false)
})

test('AND binds closer than OR', () => {
  expect(allowed('MIT OR GPL-3.0-only AND GPL-2.0-only')).toBe(true)
  expect(allowed('(MIT OR GPL-3.0-only) AND GPL-2.0-only')).toBe(false)
})

test('the LGPL is taken of sharp’s builds alone, for what was decided of them', () => {
  expect(allowed('LGPL-3.0-or-later', '@img/sharp-libvips-linux-x64')).toBe(true)
  expect(allowed('Apache-2.0 AND LGPL-3.0-or-later', '@img/sharp-win32-x64')).toBe(true)
  expect(allowed('GPL-3.0-only', '@img/sharp-linux-x64')).toBe(false)
  expect(allowed('LGPL-3.0-or-later', 'img-sharp-linux-x64')).toBe(false)
})

test('what is for development alone does not count, and a package inside another has its own name', () => {
  const packages = {
    '': { version: '1.0.0', license: 'GPL-3.0-only' },
    'node_modules/tool': { version: '1.0.0', license: 'GPL-3.0-only', dev: true },
    'node_modules/a': { version: '1.0.0', license: 'MIT' },
    'node_modules/a/node_modules/@scope/b': { version: '2.0.0' },
  }
  expect(productionPackages({ lockfileVersion: 3, packages })).toEqual([
    { name: 'a', version: '1.0.0', licence: 'MIT' },
    { name: '@scope/b', version: '2.0.0', licence: undefined },
  ])
})

test('the project’s own lock file names packages of all platforms', () => {
  const names = productionPackages(lock).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['hono', '@img/sharp-win32-x64', '@img/sharp-darwin-arm64']))
  expect(names).not.toContain('vitest')
})
