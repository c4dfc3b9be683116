import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigurationError } from '../shared/read-configuration.ts'

/** Makes it, without what an earlier start has left in it. Throws ConfigurationError where that is not allowed. */
export async function emptyFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigurationError(
      `Cannot write to ${dirname(folder)} (${code}), where logs and what is built are kept. Start it as who owns the project's folder, or clone the project into a folder of yours.`,
    )
  }
}
