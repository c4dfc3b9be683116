import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What lies in a package's folder, as far as it tells one copy of the package from another. */
export interface PackageFiles {
  /** Of all files, be they named by the manifest or not, those in subfolders too: name, size, time of change, inode, permissions. */
  fingerprint: string
  /** The same of what is passed over: while it changes, somebody is still copying. */
  unfinished: string
  /** When something last changed here, by the file system's clock, in ms; no copying tool can set it back. */
  changedAt: number
  /** Whether it is meant as a package: there is a manifest or a graph. */
  isPackage: boolean
}

/** Left over by editors, or still being written by copying tools. Names with a dot in front are passed over too. */
const UNFINISHED = /\.(part|partial|tmp|temp|swp|crdownload)$|~$/

/** Folders below a package's are looked into so deep: as deep as tools that download put what is not finished. */
const DEEPEST = 5
/** A package is small; what was taken for one, such as a home folder, may not be. What lies deeper is left out first. */
const MOST_ENTRIES = 5_000

export function isPassedOver(name: string): boolean {
  return name.startsWith('.') || UNFINISHED.test(name)
}

/** Looks at the folder and at the files in it, not into them. Throws what `readdir` throws of the folder itself. */
export async function packageFiles(folder: string): Promise<PackageFiles> {
  const entries = await entriesOf(folder)
  const { ctimeMs } = await stat(folder)
  const files = await filesBelow(folder, entries)
  const prints = (passedOver: boolean) =>
    files.flatMap((file) => (file.isPassedOver === passedOver ? file.print : [])).join('\n')
  return {
    fingerprint: prints(false),
    unfinished: prints(true),
    changedAt: files.reduce((latest, { changedAt }) => Math.max(latest, changedAt), ctimeMs),
    isPackage: entries.some(
      ({ name, isPassedOver }) => !isPassedOver && (name === 'model.json' || name.endsWith('.onnx')),
    ),
  }
}

interface FoundFile {
  print: string
  changedAt: number
  isPassedOver: boolean
}

interface Entry {
  /** Below the package's folder. */
  name: string
  isPassedOver: boolean
  isLink: boolean
}

/** Level by level, so that what is left out of a folder with too many entries is what lies deepest. */
async function filesBelow(folder: string, top: Entry[]): Promise<FoundFile[]> {
  const files: FoundFile[] = []
  let entries = top
  let left = MOST_ENTRIES
  for (let depth = 0; entries.length > 0; depth++) {
    const seen = entries.slice(0, left)
    left -= seen.length
    const stats = await Promise.all(seen.map(({ name }) => statOf(join(folder, name))))
    const folders: Entry[] = []
    for (const [i, entry] of seen.entries()) {
      const found = stats[i]
      // A link to a folder is followed where the package could lead through it.
      if (!found?.isDirectory()) files.push(fileOf(entry, found))
      else if (!(entry.isPassedOver && entry.isLink)) folders.push(entry)
    }
    const below = depth < DEEPEST ? folders : []
    entries = (await Promise.all(below.map((entry) => entriesOf(folder, entry).catch(() => [])))).flat()
  }
  return files
}

/** Sorted: of the folder itself, or of one below it. */
async function entriesOf(folder: string, parent?: Entry): Promise<Entry[]> {
  const found = await readdir(join(folder, parent?.name ?? ''), { withFileTypes: true })
  return found
    .map((entry) => ({
      name: join(parent?.name ?? '', entry.name),
      isPassedOver: parent?.isPassedOver || isPassedOver(entry.name),
      isLink: entry.isSymbolicLink(),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function statOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined)
}

/** A link that leads nowhere counts: it may lead somewhere later. */
function fileOf({ name, isPassedOver }: Entry, file: BigIntStats | undefined): FoundFile {
  if (!file) return { print: `${name} missing`, changedAt: 0, isPassedOver }
  const { size, mtimeNs, ino, mode, ctimeMs } = file
  return { print: [name, size, mtimeNs, ino, mode].join(' '), changedAt: Number(ctimeMs), isPassedOver }
}
