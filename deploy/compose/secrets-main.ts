import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSecrets } from './make-secrets.ts'

const OWNER_ONLY = 0o600
/** Redis' container reads it as a user of its own. It holds digests of random passwords. */
const READABLE = 0o644

/** Entry: writes `.env` and `deploy/compose/users.acl` of a deployment into the folder that is named, by default this one. What is there stays. */
async function main([folder = '.']: string[]): Promise<void> {
  const { env, acl } = makeSecrets()
  await mkdir(join(folder, 'deploy/compose'), { recursive: true })
  await write(join(folder, '.env'), env, OWNER_ONLY)
  await write(join(folder, 'deploy/compose/users.acl'), acl, READABLE)
}

async function write(file: string, text: string, mode: number): Promise<void> {
  await writeFile(file, text, { mode, flag: 'wx' })
  process.stdout.write(`wrote ${file}\n`)
}

main(process.argv.slice(2)).catch((error: NodeJS.ErrnoException) => {
  const reason =
    error.code === 'EEXIST'
      ? `${error.path} is there already, and stays. For new secrets delete .env and deploy/compose/users.acl, and start all parts again.`
      : error.message
  process.stderr.write(`secrets: ${reason}\n`)
  process.exit(1)
})
