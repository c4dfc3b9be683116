import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newSecrets, usersFor } from './make-secrets.ts'

const OWNER_ONLY = 0o600
/** Redis' container reads it as a user of its own. It holds digests of random passwords. */
const READABLE = 0o644

/**
 * Entry: makes what a deployment by docker-compose.yaml lacks in the folder that is named, by default this one: `.env`, and for its passwords
 * `deploy/compose/users.acl`. What is there stays.
 */
async function main([folder = '.']: string[]): Promise<void> {
  const [secrets, users] = [join(folder, '.env'), join(folder, 'deploy/compose/users.acl')]
  await writeIfNew(secrets, newSecrets(), OWNER_ONLY)
  await mkdir(join(folder, 'deploy/compose'), { recursive: true })
  await writeIfNew(users, usersFor(await readFile(secrets, 'utf8')), READABLE)
}

async function writeIfNew(file: string, text: string, mode: number): Promise<void> {
  const is = await writeFile(file, text, { mode, flag: 'wx' }).then(
    // A umask would take away what Redis' container needs.
    async () => {
      await chmod(file, mode)
      return 'made'
    },
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      return 'is there, and stays:'
    },
  )
  process.stdout.write(`${is} ${file}\n`)
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`secrets: ${error.message}\n`)
  process.exit(1)
})
