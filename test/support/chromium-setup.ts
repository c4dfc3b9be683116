import type { TestProject } from 'vitest/node'
import { canInstallPackages, exists, installPackages, updatePackageLists } from './debian-packages.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where Chromium is; not set where it cannot be had. */
    chromium?: string
  }
}

const CHROMIUM = '/usr/bin/chromium'

/** Once a run: a browser, from Debian's packages if it is not there and can be had without asking. */
export default async function setup(project: TestProject): Promise<void> {
  const say = (line: string) => project.vitest.logger.log(line)
  if (!(await exists(CHROMIUM)) && (await canInstallPackages())) {
    say('installing for tests of the console: chromium')
    await install().catch((error: Error) => say(error.message))
  }
  if (await exists(CHROMIUM)) project.provide('chromium', CHROMIUM)
  else say('no chromium: tests of the console are skipped')
}

async function install(): Promise<void> {
  await updatePackageLists()
  // Without a font of its own, a page would be laid out in whatever there is.
  await installPackages(['chromium', 'fonts-liberation'])
}
