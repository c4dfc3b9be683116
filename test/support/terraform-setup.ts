import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Terraform's version; not set where there is none on the PATH, and then its tests are skipped. */
    terraformVersion?: string
  }
}

/** Once a run: which Terraform there is. */
export default async function setup(project: TestProject): Promise<void> {
  const version = await terraformVersion()
  const log = (line: string) => project.vitest.logger.log(line)
  if (version === undefined)
    return log('terraform: not on the PATH, so the tests in test/terraform that need it are skipped')
  log(`terraform: version ${version}, so the tests in test/terraform run`)
  project.provide('terraformVersion', version)
}

async function terraformVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('terraform', ['version', '-json'])
    return (JSON.parse(stdout) as { terraform_version: string }).terraform_version
  } catch {
    return undefined
  }
}
