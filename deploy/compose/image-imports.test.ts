import { readFileSync } from 'node:fs'
import { isBuiltin, stripTypeScriptTypes } from 'node:module'
import { dirname, join, matchesGlob } from 'node:path'
import { expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { argumentsOf, isLeftOut, stage, stages } from '../../test/support/dockerfile.ts'
import { imageCommand } from '../../test/support/image-folder.ts'

/** Imports of a module when it runs, those that are made later on included, and threads that it starts. May take other texts for some. */
const IMPORT = /(?:\bfrom |\bimport |\bimport\(|\bnew URL\()'([^']+)'/g

function importsOf(file: string): string[] {
  const code = stripTypeScriptTypes(readFileSync(join(PROJECT_ROOT, file), 'utf8'))
  return [...code.matchAll(IMPORT)].map(([, specifier = '']) => specifier)
}

/** What `edgebatch start` starts, which the images are not for. */
const LOCAL_STACK = 'local-stack/main.ts'

/** All files and packages that an entry file leads to. */
function reached(entry: string): { files: string[]; packages: Set<string> } {
  const [files, packages] = [[entry], new Set<string>()]
  for (const file of files)
    for (const specifier of importsOf(file)) {
      const path = join(dirname(file), specifier)
      if (/^\.\.?\//.test(specifier)) {
        if (path.endsWith('.ts') && path !== LOCAL_STACK && !files.includes(path)) files.push(path)
      } else if (/^[@a-z]/.test(specifier) && !isBuiltin(specifier))
        packages.add(specifier.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? specifier)
    }
  return { files, packages }
}

const copied = (target: string): string[] =>
  argumentsOf(stage(target), 'COPY').flatMap((line) =>
    line.startsWith('--from=application')
      ? copied('application')
      : line.startsWith('--from=')
        ? []
        : line.split(' ').slice(0, -1),
  )

test.each([
  ['cpu', imageCommand('cpu', 'CMD').at(-1)],
  ['cuda', imageCommand('cuda', 'CMD').at(-1)],
  ['edge', imageCommand('edge', 'CMD').at(-1)],
  ['gateway', imageCommand('gateway', 'CMD').at(-1)],
  ['tools', imageCommand('tools', 'ENTRYPOINT').at(-1)],
  ['tools', 'deploy/compose/secrets-main.ts'],
])('image %s holds all that %s may load', (target, entry = '') => {
  const { files, packages } = reached(entry)
  expect(files.length).toBeGreaterThan(5)
  const folders = copied(target)
  expect(
    files.filter((file) => isLeftOut(file) || !folders.some((folder) => file.startsWith(`${folder}/`))),
  ).toEqual([])
  const source = argumentsOf(stage(target), 'COPY')
    .join(' ')
    .match(/--from=(\S*dependencies)/)?.[1]
  const removed = stages
    .filter(({ name }) => name === source)
    .flatMap(
      (one) =>
        argumentsOf(one, 'RUN')
          .join(' ')
          .match(/(?<=node_modules\/)[\w@.*/-]+/g) ?? [],
    )
  const isRemoved = (name: string) =>
    removed.some((pattern) => matchesGlob(name, pattern) || matchesGlob(name, `${pattern}/*`))
  expect([...packages].filter((name) => !(name in packageJson.dependencies) || isRemoved(name))).toEqual([])
})
