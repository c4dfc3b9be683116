import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { writeEdgeUpload } from '../../local-stack/edge-upload.ts'
import { processEnv } from '../support/process-env.ts'
import { plannedValues } from './support/planned-values.ts'
import { succeeded, useTerraformCopy } from './support/terraform-copy.ts'
import { type Deployed, sha256, wranglerDeploy } from './support/wrangler-deploy.ts'

interface PlannedVersion {
  main_module: string
  compatibility_date: string
  compatibility_flags: string[]
  modules: { name: string; content_type: string; content_file: string }[]
  bindings: { name: string; type: string; text: string | null }[]
}

describe.skipIf(inject('terraformVersion') === undefined)(
  'terraform/modules/edge and `wrangler deploy` deploy the same',
  () => {
    const copy = useTerraformCopy()
    let folder: string
    let deployed: Deployed
    let planned: Record<string, unknown>
    let version: PlannedVersion

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'edgebatch-parity-'))
      const bundle = join(folder, 'edge-bundle')
      ;[deployed] = await Promise.all([wranglerDeploy(folder), writeEdgeUpload(bundle, processEnv())])
      const tests = join(copy().root, 'modules/edge/.parity')
      await mkdir(tests)
      await writeFile(join(tests, 'plan.tftest.hcl'), planOf(bundle))
      const options = ['-test-directory=.parity', '-json', '-verbose']
      planned = plannedValues(succeeded(await copy().run('modules/edge', 'test', ...options)).output)
      version = planned['cloudflare_worker_version.this'] as PlannedVersion
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))

    test('modules: names, content types and contents, WASM and source map among them', async () => {
      const modules = version.modules.map(async ({ name, content_type, content_file }) => [
        name,
        [content_type, sha256(await readFile(content_file))],
      ])
      expect(Object.fromEntries(await Promise.all(modules))).toEqual(deployed.modules)
      const types = Object.values(deployed.modules).map(([type]) => type)
      expect(types).toContain('application/wasm')
      expect(version.main_module).toBe(deployed.metadata.main_module)
    })

    test('compatibility date and flags', () => {
      expect(version.compatibility_date).toBe(deployed.metadata.compatibility_date)
      expect(version.compatibility_flags.toSorted()).toEqual(deployed.metadata.compatibility_flags.toSorted())
    })

    test('bindings, and secrets besides, which wrangler keeps as they are', () => {
      const [secrets, others] = [true, false].map((secret) =>
        version.bindings.filter(({ type }) => (type === 'secret_text') === secret),
      )
      const sorted = deployed.metadata.bindings.toSorted((a, b) => a.name.localeCompare(b.name))
      expect(others).toMatchObject(sorted)
      expect(others).toHaveLength(sorted.length)
      expect(deployed.metadata.keep_bindings).toContain('secret_text')
      expect(secrets?.map(({ name }) => name)).toEqual(['UPSTASH_REDIS_REST_TOKEN', 'UPSTASH_REDIS_REST_URL'])
    })

    test('crons', () => {
      const trigger = planned['cloudflare_workers_cron_trigger.this'] as { schedules: { cron: string }[] }
      expect(trigger.schedules.map(({ cron }) => cron)).toEqual(deployed.crons)
    })

    test('what is observed', () => {
      expect(planned['cloudflare_worker.this']).toMatchObject({
        observability: deployed.metadata.observability,
      })
    })
  },
)

const planOf = (bundle: string) => `mock_provider "cloudflare" {}

run "plan" {
  command = plan
  variables {
    account_id = "0123456789abcdef0123456789abcdef"
    bundle_dir = "${bundle}"
    secrets = {
      UPSTASH_REDIS_REST_URL   = "https://redis.example.com"
      UPSTASH_REDIS_REST_TOKEN = "token"
    }
  }
}
`
