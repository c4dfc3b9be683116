import { execFile } from 'node:child_process'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Variables } from '../device-pools.ts'

const execute = promisify(execFile)

/** `loadable`: the dynamic linker finds it there. */
export interface FoundLibrary {
  file: string
  loadable: boolean
}

/** Where a library is; undefined: nowhere. */
export type FindLibrary = (name: string) => Promise<FoundLibrary | undefined>

/** Not searched by the linker itself, yet where CUDA is commonly put. */
const CUDA_PARENT = '/usr/local'

/**
 * Looks where the linker looks: in `beside` (a library's own folder), LD_LIBRARY_PATH, and the linker's cache (`ldconfig -p`). Then in
 * /usr/local/cuda*, of which the linker may not have been told.
 */
export async function createFindLibrary(
  variables: Variables,
  beside: readonly string[],
): Promise<FindLibrary> {
  const folders = [...beside, ...(variables.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean)]
  const [cache, cuda] = await Promise.all([readLinkerCache(variables), cudaFolders()])
  return async (name) => {
    const known = (await firstWith(folders, name)) ?? cache.get(name)
    if (known !== undefined) return { file: known, loadable: true }
    const file = await firstWith(cuda, name)
    return file === undefined ? undefined : { file, loadable: false }
  }
}

async function firstWith(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, name)
    const there = await access(file).then(
      () => true,
      () => false,
    )
    if (there) return file
  }
  return undefined
}

/** Library names and files. Empty where there is no ldconfig (musl, macOS). */
async function readLinkerCache({ PATH = '' }: Variables): Promise<Map<string, string>> {
  // It is a system administrator's tool: not on everybody's PATH.
  const { stdout } = await execute('ldconfig', ['-p'], {
    env: { PATH: `${PATH}:/usr/sbin:/sbin` },
    maxBuffer: 2 ** 26,
  }).catch(() => ({ stdout: '' }))
  return parseLinkerCache(stdout)
}

/** Lines like `libz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1`; the first of a name wins, as for the linker. */
export function parseLinkerCache(text: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, file] = /^\s+(\S+) \(.*\) => (\S.*)$/.exec(line) ?? []
    if (name && file && !files.has(name)) files.set(name, file)
  }
  return files
}

async function cudaFolders(): Promise<string[]> {
  const names = await readdir(CUDA_PARENT).catch(() => [])
  return names
    .filter((name) => name.startsWith('cuda'))
    .sort()
    .map((name) => join(CUDA_PARENT, name, 'lib64'))
}
