import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { processEnv } from '../support/process-env.ts'

const execute = promisify(execFile)

test('what npm run build:client makes is JavaScript that runs as it stands, with types beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-client-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [command = '', ...options] = packageJson.scripts['build:client'].split(' ')
  const tsc = join(PROJECT_ROOT, 'node_modules', '.bin', command)
  await execute(tsc, [...options, '--outDir', folder], { cwd: PROJECT_ROOT, env: processEnv() })

  const { types, default: entry } = packageJson.exports['./client']
  const built = (path: string) => join(folder, path.replace('./client/dist/', ''))
  const program = join(folder, 'program.mjs')
  await writeFile(
    program,
    `import { EdgebatchClient } from ${JSON.stringify(built(entry))}
const client = new EdgebatchClient({ baseUrl: 'http://127.0.0.1:1', maxRetries: 0 })
client.models().catch(({ code }) => console.log(code))`,
  )
  const { stdout } = await execute(process.execPath, [program])
  expect(stdout).toBe('unreachable\n')
  expect(await readFile(built(types), 'utf8')).toContain('EdgebatchClient')
})
