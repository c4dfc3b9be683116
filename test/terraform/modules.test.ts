import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { BAD_INPUTS, messagesUnsaid, writeBadInputs } from './support/bad-inputs.ts'
import { OLDEST } from './support/stub-providers.ts'
import { succeeded, useTerraformCopy } from './support/terraform-copy.ts'

const root = join(PROJECT_ROOT, 'terraform')
const foldersIn = (kind: string) =>
  readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory() && entry.parentPath === join(root, kind))
    .map((entry) => `${kind}/${entry.name}`)
const modules = foldersIn('modules')
const configurations = [...modules, ...foldersIn('examples')]

test.each(configurations)('%s has the files that it should have', (module) => {
  const files = ['main.tf', 'variables.tf', 'outputs.tf', 'versions.tf', 'README.md', 'tests']
  expect(files.filter((file) => !existsSync(join(root, module, file)))).toEqual([])
})

const read = (...path: string[]) => readFileSync(join(PROJECT_ROOT, ...path), 'utf8')
const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name)
const declared = (configuration: string, kind: 'variable' | 'output') =>
  namesIn(read('terraform', configuration, `${kind}s.tf`), new RegExp(`^${kind} "(\\w+)"`, 'gm'))

test.each(configurations)('%s tells of all its inputs and outputs', (configuration) => {
  const told = read('terraform', configuration, 'README.md')
  const names = [...declared(configuration, 'variable'), ...declared(configuration, 'output')]
  expect(names.filter((name) => !told.includes(`\`${name}\``))).toEqual([])
})

test.each([
  ['deploy-aws', 'aws-spot'],
  ['deploy-gcp', 'gcp-spot'],
])('docs/%s.md uses inputs and outputs that there are in %s', (guide, example) => {
  const text = read('docs', `${guide}.md`)
  const [tfvars = ''] = /terraform\.tfvars <<EOF\n.*?\nEOF/s.exec(text) ?? []
  const inputs = namesIn(tfvars, /^(\w+) +=/gm)
  const outputs = namesIn(text, /output -raw (\w+)/g)
  expect([inputs.length, outputs.length].every((count) => count > 2)).toBe(true)
  const folder = `examples/${example}`
  expect(inputs.filter((name) => !declared(folder, 'variable').includes(name))).toEqual([])
  expect(outputs.filter((name) => !declared(folder, 'output').includes(name))).toEqual([])
})

const noTerraform = inject('terraformVersion') === undefined

describe.skipIf(noTerraform)('with terraform', () => {
  const copy = useTerraformCopy()

  test('all files are formatted as `terraform fmt` does it', async () => {
    succeeded(await copy().execute('.', ['fmt', '-check', '-diff', '-recursive']))
  })

  test.each(configurations)('%s is valid against its providers', async (configuration) => {
    succeeded(await copy().run(configuration, 'validate'))
  })

  test.each(configurations)('%s passes its own tests', async (configuration) => {
    const { output } = succeeded(await copy().run(configuration, 'test'))
    expect(output).toMatch(/Success! [1-9]\d* passed, 0 failed/)
  })

  test.each(configurations)('%s says in its own words what is wrong with an input', async (module) => {
    const folder = join(copy().root, module)
    const count = await writeBadInputs(folder)
    const { output } = await copy().run(module, 'test', `-test-directory=${BAD_INPUTS}`)
    expect(output).toContain(`Failure! 0 passed, ${count} failed.`)
    expect(await messagesUnsaid(folder, output)).toEqual([])
  })
})

describe.skipIf(noTerraform)('with the older major versions of providers that it admits', () => {
  const copy = useTerraformCopy(OLDEST)

  test.each(configurations)('%s is valid', async (configuration) => {
    succeeded(await copy().run(configuration, 'validate'))
  })
})
