import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const ENTRY = join(import.meta.dirname, 'secrets-main.ts')

test('whatever the umask is, secrets are their owner’s alone, and Redis’ container can read its users', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-secrets-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await promisify(execFile)('sh', ['-c', 'umask 077; exec "$0" "$@"', process.execPath, ENTRY, folder])
  const modes = ['.env', 'deploy/compose/users.acl'].map(
    async (file) => (await stat(join(folder, file))).mode,
  )
  expect((await Promise.all(modes)).map((mode) => mode & 0o777)).toEqual([0o600, 0o644])
})
