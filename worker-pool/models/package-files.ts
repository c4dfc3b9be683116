import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What lies in a package's folder, as far as it tells one copy of the package from another. */
export interface PackageFiles {
  /** Of all files, be they named by the manifest or not: name, size, time of change, inode, permissions. */
  fingerprint: string
  /** When something last changed here, by the file system's clock, in ms; no copying tool can set it back. */
  changedAt: number
  /** Whether it is meant as a package: there is a manifest or a graph. */
  isPackage: boolean
}

/** Left over by editors, or still being written by copying tools. Names with a dot in front are passed over too. */
const UNFINISHED = /\.(part|partial|tmp|temp|swp|crdownload)$|~$/

export function isPassedOver(name: string): boolean {
  return name.startsWith('.') || UNFINISHED.test(name)
}

/** Looks at the folder and at the files in it, not into them. Throws what `readdir` throws. */
export async function packageFiles(folder: string): Promise<PackageFiles> {
  const names = (await readdir(folder)).filter((name) => !isPassedOver(name)).sort()
  const files = await Promise.all(names.map((name) => fileAt(join(folder, name), name)))
  const { ctimeMs } = await stat(folder)
  return {
    fingerprint: files.map(({ print }) => print).join('\n'),
    changedAt: Math.max(ctimeMs, ...files.map(({ changedAt }) => changedAt)),
    isPackage: names.some((name) => name === 'model.json' || name.endsWith('.onnx')),
  }
}

/** Folders among the files are not the package's. A link that leads nowhere counts: it may lead somewhere later. */
async function fileAt(path: string, name: string): Promise<{ print: string; changedAt: number }> {
  const file = await stat(path, { bigint: true }).catch(() => undefined)
  if (!file) return { print: `${name} missing`, changedAt: 0 }
  if (!file.isFile()) return { print: '', changedAt: 0 }
  const { size, mtimeNs, ino, mode, ctimeMs } = file
  return { print: [name, size, mtimeNs, ino, mode].join(' '), changedAt: Number(ctimeMs) }
}
