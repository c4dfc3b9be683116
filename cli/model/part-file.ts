import { type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises'
import { reasonOf, UserError } from '../user-error.ts'

/** What has come of a file so far, and what its server calls the version of it. To be closed. */
export class PartFile {
  readonly path: string
  readonly #file: FileHandle
  #size: number
  #version: string | undefined

  private constructor(path: string, file: FileHandle, size: number, version: string | undefined) {
    this.path = path
    this.#file = file
    this.#size = size
    this.#version = version
  }

  /** Throws UserError where it cannot be written. */
  static async open(path: string): Promise<PartFile> {
    const file = await open(path, 'a').catch((error: unknown) => {
      throw cannotWrite(path, error)
    })
    try {
      const { size } = await file.stat()
      const version = await readFile(versionPath(path), 'utf8').catch(() => undefined)
      return new PartFile(path, file, size, version || undefined)
    } catch (error) {
      await file.close()
      throw cannotWrite(path, error)
    }
  }

  /** Bytes. */
  get size(): number {
    return this.#size
  }

  /** Undefined where nothing promises that the server still has the same file: then nothing is continued. */
  get version(): string | undefined {
    return this.#size > 0 ? this.#version : undefined
  }

  async remember(version: string | undefined): Promise<void> {
    await writing(this.path, async () => {
      if (version === undefined) await rm(versionPath(this.path), { force: true })
      else await writeFile(versionPath(this.path), version)
    })
    this.#version = version
  }

  async empty(): Promise<void> {
    if (this.#size > 0) await writing(this.path, () => this.#file.truncate())
    this.#size = 0
  }

  async append(chunk: Uint8Array): Promise<void> {
    await writing(this.path, () => this.#file.writeFile(chunk))
    this.#size += chunk.length
  }

  /** What has come stays, to be continued; a file with nothing in it does not. */
  async close(): Promise<void> {
    await this.#file.sync().catch(() => {})
    await this.#file.close()
    if (this.#size === 0) await forgetPart(this.path)
  }
}

/** Removes a download that is not to be continued, with what is known of it. */
export async function forgetPart(path: string): Promise<void> {
  await rm(path, { force: true })
  await rm(versionPath(path), { force: true })
}

const versionPath = (path: string) => `${path}.etag`

async function writing(path: string, write: () => Promise<void>): Promise<void> {
  await write().catch((error: unknown) => {
    throw cannotWrite(path, error)
  })
}

/** As a UserError. */
export function cannotWrite(path: string, error: unknown): UserError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new UserError(`${path}: the disk is full; make room and run this again to continue`)
  return new UserError(`${path}: cannot be written: ${reasonOf(error)}`)
}
