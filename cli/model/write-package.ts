import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { reasonOf, UserError } from '../user-error.ts'

/** A file's content, or where it is copied from. */
export type PackageFile = Uint8Array | string | { copyOf: string }

/**
 * Writes a package beside its place, has it checked there, and moves it into place: whoever watches the repository sees
 * all of it or nothing, also after the machine has lost its power. `check` throws to leave everything as it was, and so does
 * `stopped` once it is aborted. An existing package is replaced only if `replace`.
 */
export async function writePackage(
  folder: string,
  files: Readonly<Record<string, PackageFile>>,
  { replace, stopped }: { replace: boolean; stopped: AbortSignal },
  check: (folder: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(folder)
  let temporary: string | undefined
  try {
    await mkdir(dirname(parent), { recursive: true })
    // Not within the model's folder, where each folder is a version.
    // Made by mkdir, as its permissions stay: who runs the pool need not be who added the model.
    temporary = join(dirname(parent), `.adding-${randomUUID()}`)
    await mkdir(temporary)
    for (const [name, content] of Object.entries(files)) {
      await writeInto(join(temporary, name), content)
      stopped.throwIfAborted()
    }
    await check(temporary)
    await sync(temporary)
    stopped.throwIfAborted()
    await mkdir(parent, { recursive: true })
    await moveIntoPlace(temporary, folder, replace)
    await sync(parent)
  } catch (error) {
    throw error instanceof UserError || stopped.aborted
      ? error
      : new UserError(`${folder}: cannot be written: ${reasonOf(error)}`)
  } finally {
    if (temporary) await rm(temporary, { recursive: true, force: true })
  }
}

export async function refuseExisting(folder: string, replace: boolean): Promise<void> {
  const exists = await stat(folder).catch(() => undefined)
  if (exists && !replace)
    throw new UserError(`${folder}: exists already; give another --version, or --force to replace it`)
}

async function moveIntoPlace(temporary: string, folder: string, replace: boolean): Promise<void> {
  await refuseExisting(folder, replace)
  const old = `${temporary}-old`
  const hadOld = await rename(folder, old).then(
    () => true,
    () => false,
  )
  await rename(temporary, folder).catch(async (error: unknown) => {
    if (hadOld) await rename(old, folder)
    throw error
  })
  if (hadOld) await rm(old, { recursive: true, force: true })
}

async function writeInto(path: string, content: PackageFile): Promise<void> {
  if (typeof content === 'object' && 'copyOf' in content) await copyFile(content.copyOf, path)
  else await writeFile(path, content)
  await sync(path)
}

/** Has a file, or the names in a folder, brought to the disk. */
async function sync(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
