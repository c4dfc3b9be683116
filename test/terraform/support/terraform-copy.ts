import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { PROJECT_ROOT } from '../../../local-stack/project-root.ts'
import { processEnv } from '../../support/process-env.ts'
import { NEWEST, type RunningProviders, startProviders, writePlugins } from './stub-providers.ts'

export interface Outcome {
  succeeded: boolean
  /** What was printed, errors included. */
  output: string
}

/** Leftovers of a `terraform init` in the working tree stay out of the copy: its providers are real ones. */
const isLeftOver = (path: string) => basename(path).startsWith('.terraform')

/** A copy of terraform/ in which Terraform works offline, without leaving anything in the working tree. */
export class TerraformCopy {
  /** The copy of the folder terraform/. */
  readonly root: string
  private readonly folder: string
  private readonly providers: RunningProviders
  private readonly initialised = new Map<string, Promise<Outcome>>()

  private constructor(folder: string, providers: RunningProviders) {
    this.folder = folder
    this.root = join(folder, 'terraform')
    this.providers = providers
  }

  static async make(providers: string[]): Promise<TerraformCopy> {
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-tf-'))
    await cp(join(PROJECT_ROOT, 'terraform'), join(folder, 'terraform'), {
      recursive: true,
      filter: (path) => !isLeftOver(path),
    })
    await writePlugins(join(folder, 'plugins'), providers)
    return new TerraformCopy(folder, await startProviders(folder, providers))
  }

  /** `terraform init` in a folder of the copy, once: it chooses providers by their version constraints. */
  init(module: string): Promise<Outcome> {
    const known = this.initialised.get(module)
    if (known !== undefined) return known
    const plugins = `-plugin-dir=${join(this.folder, 'plugins')}`
    const outcome = this.execute(module, ['init', '-backend=false', plugins])
    this.initialised.set(module, outcome)
    return outcome
  }

  /** A command in an initialised folder of the copy, with the providers that this process serves. */
  async run(module: string, ...command: string[]): Promise<Outcome> {
    const initialised = await this.init(module)
    if (!initialised.succeeded) return initialised
    return this.execute(module, command, this.providers.variables)
  }

  /** The same with plugins that Terraform starts itself. */
  async runWithPlugins(module: string, ...command: string[]): Promise<Outcome> {
    const initialised = await this.init(module)
    return initialised.succeeded ? this.execute(module, command) : initialised
  }

  async remove(): Promise<void> {
    this.providers.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** A command in a folder of the copy as it is, with these variables in the environment. */
  execute(module: string, command: string[], variables: Record<string, string> = {}): Promise<Outcome> {
    const { PATH = '' } = processEnv()
    // Nobody's own settings, credentials or TF_VAR_s; and no look whether there is a newer Terraform.
    const own = { PATH, HOME: this.folder, TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1' }
    return new Promise((resolve) => {
      execFile(
        'terraform',
        [...command, '-no-color'],
        { cwd: join(this.root, module), env: { ...own, ...variables }, maxBuffer: 64 * 1024 * 1024 },
        (error, stdout, stderr) => resolve({ succeeded: error === null, output: stdout + stderr }),
      )
    })
  }
}

/** A copy for all tests of a file or a suite. */
export function useTerraformCopy(providers: string[] = NEWEST): () => TerraformCopy {
  let copy: TerraformCopy | undefined
  beforeAll(async () => {
    copy = await TerraformCopy.make(providers)
  })
  afterAll(() => copy?.remove())
  return () => {
    if (copy === undefined) throw new Error('there is a copy only while tests run')
    return copy
  }
}

/** Throws with what Terraform said unless it succeeded. */
export function succeeded(outcome: Outcome): Outcome {
  if (!outcome.succeeded) throw new Error(`terraform failed:\n${outcome.output}`)
  return outcome
}
