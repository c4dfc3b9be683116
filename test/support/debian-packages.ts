import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { promisify } from 'node:util'
import { processEnv } from './process-env.ts'

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Whether Debian's packages can be had without asking anybody. */
export async function canInstallPackages(): Promise<boolean> {
  return process.getuid?.() === 0 && (await exists('/usr/bin/apt-get'))
}

/** To be done first: a fresh machine has no lists. */
export const updatePackageLists = () => apt('update', '-qq')

export const installPackages = (packages: readonly string[]) =>
  apt('install', '-qq', '-y', '--no-install-recommends', ...packages)

/** Waits its turn where somebody else installs. */
function apt(...args: string[]): Promise<unknown> {
  const env = { ...processEnv(), DEBIAN_FRONTEND: 'noninteractive' }
  return promisify(execFile)('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
    env,
    maxBuffer: 2 ** 26,
  })
}
