import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { POOL_NODE_FLAGS } from './node-flags.ts'

const text = (file: string) => readFile(new URL(`../${file}`, import.meta.url), 'utf8')

test.each(['package.json', 'docs/deploy.md'])('%s starts a pool with these flags', async (file) => {
  expect(await text(file)).toContain(`node ${POOL_NODE_FLAGS.join(' ')} worker-pool/main.ts`)
})

test('the images start a pool with these flags', async () => {
  const starts = (await text('Dockerfile')).match(/^CMD .*worker-pool.*$/gm)
  expect(starts).toHaveLength(2)
  const command = ['node', ...POOL_NODE_FLAGS, 'worker-pool/main.ts']
  for (const start of starts ?? []) expect(JSON.parse(start.slice('CMD '.length))).toEqual(command)
})
