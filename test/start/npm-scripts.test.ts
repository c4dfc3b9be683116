import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { POOL_NODE_FLAGS } from '../../worker-pool/node-flags.ts'

/** Runs a script in a shell that has more to do afterwards, and so does not give way to Node unasked. `node` tells who it is. */
async function run(script: string): Promise<{ shell: number | undefined; node: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-scripts-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'node'), '#!/bin/sh\necho "$$" "$@"\n')
  await chmod(join(folder, 'node'), 0o755)
  const shell = spawn('/bin/sh', ['-c', `${script}\n:`], { env: { PATH: folder } })
  return { shell: shell.pid, node: (await text(shell.stdout)).trim().split(' ') }
}

test.each([
  ['worker-pool', [...POOL_NODE_FLAGS, 'worker-pool/main.ts']],
  ['gateway', ['gateway/main.ts']],
  ['edge:node', ['edge/node.ts']],
] as const)(
  'a signal to the shell of `npm run %s` reaches Node, which has taken its place',
  async (name, args) => {
    const { shell, node } = await run(packageJson.scripts[name])
    expect(node).toEqual([String(shell), ...args])
  },
)
