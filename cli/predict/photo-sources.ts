import { createReadStream, type Stats } from 'node:fs'
import { glob, stat } from 'node:fs/promises'
import { reasonOf, UsageError } from '../user-error.ts'
import { photoBytes } from './photo-bytes.ts'

/** Where a photo comes from. */
export interface PhotoSource {
  /** As the user named it; `-` for standard input. */
  file: string
  /** All of it. Throws what the system says. */
  read: () => Promise<Uint8Array>
}

/** What a shell would take for a pattern. */
const PATTERN = /[*?[\]{}]/
const STANDARD_INPUT = '-'

/**
 * What the arguments name, each once, in their order; patterns are expanded here where no shell has done it. Throws UsageError, before anything is
 * read: what is not there, directories, and patterns that match no file.
 */
export async function photoSources(
  names: readonly string[],
  readInput: () => Promise<Uint8Array>,
): Promise<PhotoSource[]> {
  const files: string[] = []
  for (const name of names) files.push(...(await filesOf(name)))
  return [...new Set(files)].map((file) => ({
    file,
    read: file === STANDARD_INPUT ? readInput : () => photoBytes(createReadStream(file)),
  }))
}

async function filesOf(name: string): Promise<string[]> {
  if (name === STANDARD_INPUT) return [name]
  const found = await stat(name).catch((error: NodeJS.ErrnoException) => error)
  if (isStats(found)) {
    if (!found.isDirectory()) return [name]
    throw new UsageError(
      `${name} is a directory; name its files, as in '${name.replace(/\/+$/, '')}/*.jpg' (** for those below it, too)`,
    )
  }
  if (found.code !== 'ENOENT') throw new UsageError(`${name} cannot be read: ${reasonOf(found)}`)
  if (!PATTERN.test(name)) throw new UsageError(`${name}: there is no such file`)
  const files = await matching(name)
  if (files.length === 0) throw new UsageError(`${name} matches no file`)
  return files
}

/** By name. Directories that match are passed over. */
async function matching(pattern: string): Promise<string[]> {
  const files: string[] = []
  for await (const path of glob(pattern)) {
    const found = await stat(path).catch(() => undefined)
    if (found && !found.isDirectory()) files.push(path)
  }
  return files.sort()
}

function isStats(found: Stats | Error): found is Stats {
  return !(found instanceof Error)
}
