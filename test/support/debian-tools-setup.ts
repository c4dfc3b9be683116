import { execFile } from 'node:child_process'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { canInstallPackages, installPackages, updatePackageLists } from './debian-packages.ts'
import { processEnv } from './process-env.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for PYTHONPATH that holds cloud-init, for Debian's own Python; not set where it cannot be had. */
    cloudInit?: string
    /** Whether there is a `systemd-analyze`. */
    hasSystemdAnalyze: boolean
  }
}

const execute = promisify(execFile)
const FOLDER = join(PROJECT_ROOT, '.edgebatch', 'cloud-init')
const MODULES = join(FOLDER, 'usr/lib/python3/dist-packages')
/** What cloud-init's dependencies are for; none of the others that one may have has them. */
const PYTHON = '/usr/bin/python3'

const succeeds = (file: string, args: string[], env = processEnv()) =>
  execute(file, args, { env }).then(
    () => true,
    () => false,
  )

/** Once a run: what machines are checked with, from Debian's packages if it is not there and can be had without asking. */
export default async function setup(project: TestProject): Promise<void> {
  const say = (line: string) => project.vitest.logger.log(line)
  const missing = [
    ...((await hasCloudInit()) ? [] : ['cloud-init']),
    ...((await hasSystemd()) ? [] : ['systemd']),
  ]
  if (missing.length > 0 && (await canInstallPackages())) {
    say(`installing for tests of machines: ${missing.join(', ')}`)
    await install(missing).catch((error: Error) => say(error.message))
  }
  const [cloudInit, systemd] = await Promise.all([hasCloudInit(), hasSystemd()])
  if (cloudInit) project.provide('cloudInit', MODULES)
  project.provide('hasSystemdAnalyze', systemd)
  if (!cloudInit || !systemd) say('no cloud-init or no systemd-analyze: some tests of machines are skipped')
}

const hasSystemd = () => succeeds('systemd-analyze', ['--version'])
const hasCloudInit = () =>
  succeeds(PYTHON, ['-m', 'cloudinit.cmd.main', '--version'], { ...processEnv(), PYTHONPATH: MODULES })

/**
 * cloud-init is only unpacked: once installed, it would take this machine for a new one of a cloud when that boots next. Installing
 * systemd does not make it what a machine boots with.
 */
async function install(missing: readonly string[]): Promise<void> {
  await updatePackageLists()
  const packages = missing.includes('systemd') ? ['systemd'] : []
  if (missing.includes('cloud-init')) {
    const { stdout } = await execute('apt-cache', ['depends', 'cloud-init'])
    packages.push('python3', ...[...stdout.matchAll(/Depends: (python3-\S+)/g)].map(([, name = '']) => name))
  }
  await installPackages(packages)
  if (!missing.includes('cloud-init')) return
  await mkdir(FOLDER, { recursive: true })
  await execute('apt-get', ['download', '-qq', 'cloud-init'], { cwd: FOLDER })
  const [archive] = (await readdir(FOLDER)).filter((name) => name.endsWith('.deb'))
  await execute('dpkg-deb', ['--extract', archive ?? '', '.'], { cwd: FOLDER })
}
