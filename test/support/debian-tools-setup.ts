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
    /** Whether there is what a machine's scripts need of every cloud's Ubuntu: bash, curl and Python. */
    hasMachineTools: boolean
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

/** What tests of machines need, by its package, and whether it is there. */
const TOOLS: Record<string, () => Promise<boolean>> = {
  bash: () => succeeds('bash', ['-c', 'shopt -s inherit_errexit']),
  // Which signs for AWS: from 7.75 on.
  curl: () => succeeds('curl', ['--aws-sigv4', 'aws:amz', '--version']),
  python3: () => succeeds('python3', ['--version']),
  'cloud-init': () =>
    succeeds(PYTHON, ['-m', 'cloudinit.cmd.main', '--version'], { ...processEnv(), PYTHONPATH: MODULES }),
  systemd: () => succeeds('systemd-analyze', ['--version']),
}
const OF_SCRIPTS = ['bash', 'curl', 'python3']

/** Once a run: what machines are checked with, from Debian's packages if it is not there and can be had without asking. */
export default async function setup(project: TestProject): Promise<void> {
  const say = (line: string) => project.vitest.logger.log(line)
  let missing = await missingTools()
  if (missing.length > 0 && (await canInstallPackages())) {
    say(`installing for tests of machines: ${missing.join(', ')}`)
    await install(missing).catch((error: Error) => say(error.message))
    missing = await missingTools()
  }
  const hasMachineTools = !OF_SCRIPTS.some((tool) => missing.includes(tool))
  project.provide('hasMachineTools', hasMachineTools)
  if (!missing.includes('cloud-init')) project.provide('cloudInit', MODULES)
  project.provide('hasSystemdAnalyze', !missing.includes('systemd'))
  if (missing.length === 0) return say('machines: the tests of what they boot with run')
  const skipped = hasMachineTools ? 'those of the cloud-init file' : 'the tests of what they boot with'
  say(`machines: no ${missing.join(', no ')}, so ${skipped} are skipped`)
}

async function missingTools(): Promise<string[]> {
  const there = await Promise.all(Object.values(TOOLS).map((isThere) => isThere()))
  return Object.keys(TOOLS).filter((_, i) => !there[i])
}

/**
 * cloud-init is only unpacked: once installed, it would take this machine for a new one of a cloud when that boots next. Installing
 * systemd does not make it what a machine boots with.
 */
async function install(missing: readonly string[]): Promise<void> {
  await updatePackageLists()
  const packages = missing.filter((name) => name !== 'cloud-init')
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
