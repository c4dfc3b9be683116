import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { expect, test } from 'vitest'

/** What a module imports when it runs: types are gone then. */
async function importsOf(module: URL): Promise<string[]> {
  const code = stripTypeScriptTypes(await readFile(module, 'utf8'))
  return [...code.matchAll(/^(?:import|export)\b[^;'"]*?\bfrom '([^']+)'/gm)].map(
    ([, specifier = '']) => specifier,
  )
}

test('the client brings nothing along: when it runs, it is a few files of its own and the clock', async () => {
  const modules = [new URL('./index.ts', import.meta.url)]
  for (const module of modules) {
    for (const specifier of await importsOf(module)) {
      expect(specifier, module.pathname).toMatch(/^\.\.?\//)
      const imported = new URL(specifier, module)
      if (!modules.some(({ href }) => href === imported.href)) modules.push(imported)
    }
  }
  const elsewhere = modules
    .map(({ href }) => href.replace(new URL('..', import.meta.url).href, ''))
    .filter((path) => !path.startsWith('client/'))
  expect(elsewhere).toEqual(['shared/clock.ts'])
})
