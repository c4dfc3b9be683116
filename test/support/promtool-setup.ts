import { execFile } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { canInstallPackages, updatePackageLists } from './debian-packages.ts'
import { processEnv } from './process-env.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Prometheus' own checker; not set where it cannot be had, and then its tests are skipped. */
    promtool?: string
  }
}

const execute = promisify(execFile)
const FOLDER = join(PROJECT_ROOT, '.edgebatch', 'prometheus')
const UNPACKED = join(FOLDER, 'usr/bin/promtool')

/** Once a run: promtool, from Debian's package if it is not there and can be had without asking. */
export default async function setup(project: TestProject): Promise<void> {
  const say = (line: string) => project.vitest.logger.log(line)
  const promtool = (await found()) ?? (await unpacked(say))
  if (promtool) project.provide('promtool', promtool)
  else say('promtool: not on the PATH and not to be had, so tests of alerts are skipped')
}

async function found(): Promise<string | undefined> {
  for (const file of ['promtool', UNPACKED]) if (await runs(file)) return file
  return undefined
}

const runs = (file: string) =>
  execute(file, ['--version'], { env: processEnv() }).then(
    () => true,
    () => false,
  )

/** The package is only unpacked: installed, it would start a Prometheus. */
async function unpacked(say: (line: string) => void): Promise<string | undefined> {
  if (!(await canInstallPackages())) return undefined
  say('unpacking for tests of alerts: promtool')
  try {
    await mkdir(FOLDER, { recursive: true })
    await updatePackageLists()
    await execute('apt-get', ['download', '-qq', 'prometheus'], { cwd: FOLDER, env: processEnv() })
    const archive = (await readdir(FOLDER)).find((name) => name.endsWith('.deb'))
    await execute('dpkg-deb', ['--extract', archive ?? '', '.'], { cwd: FOLDER })
  } catch (error) {
    say((error as Error).message)
  }
  return found()
}
