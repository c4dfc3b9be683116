import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type * as z from 'zod'
import { nodeEdgeEnvSchema } from '../../edge/env.ts'
import { gatewayEnvSchema } from '../../gateway/env.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { readConfiguration } from '../../shared/read-configuration.ts'
import { poolEnvSchema } from '../../worker-pool/env.ts'
import { POOL_NODE_FLAGS } from '../../worker-pool/node-flags.ts'

const FOLDER = join(PROJECT_ROOT, 'deploy/systemd')
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8')
/** What stands behind `name=` in a unit. */
const setting = (unit: string, name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(read(unit))?.[1] ?? ''
const UNITS = ['edgebatch-gateway.service', 'edgebatch-edge.service', 'edgebatch-pool.service']

describe('each unit', () => {
  test.each(UNITS)(
    '%s starts an entry file of ours with the project’s own Node, as nobody in particular',
    (unit) => {
      const [node = '', ...args] = setting(unit, 'ExecStart').split(' ')
      const here = (path: string) => join(PROJECT_ROOT, path.replace('/opt/edgebatch/', ''))
      expect([node, existsSync(here(node))]).toEqual([node, true])
      expect(existsSync(here(args.at(-1) ?? ''))).toBe(true)
      expect(args.slice(0, -1)).toEqual(unit.includes('pool') ? POOL_NODE_FLAGS : [])
      expect(setting(unit, 'User')).toBe('edgebatch')
      expect(setting(unit, 'CapabilityBoundingSet')).toBe('')
    },
  )

  test('the pool has time to give back what it cannot finish', () => {
    const { DRAIN_SECONDS } = poolEnvSchema.shape
    expect(Number(setting('edgebatch-pool.service', 'TimeoutStopSec'))).toBeGreaterThanOrEqual(
      DRAIN_SECONDS.parse(undefined) + 15,
    )
  })

  test.each<[string, z.ZodType & { shape: object }]>([
    ['gateway', gatewayEnvSchema],
    ['edge', nodeEdgeEnvSchema],
    ['pool', poolEnvSchema],
  ])('the example for the %s has settings that it knows and takes', (name, schema) => {
    expect(setting(`edgebatch-${name}.service`, 'EnvironmentFile')).toBe(`/etc/edgebatch/${name}.env`)
    const variables = Object.fromEntries(
      [...read(`${name}.env.example`).matchAll(/^(\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]),
    )
    expect(Object.keys(schema.shape)).toEqual(expect.arrayContaining(Object.keys(variables)))
    expect(() => readConfiguration(schema, variables)).not.toThrow()
  })
})

describe.skipIf(!inject('hasSystemdAnalyze'))('systemd-analyze', () => {
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'edgebatch-units-'))
    const files = [
      ...UNITS.map((unit) => join('etc/systemd/system', unit)),
      'opt/edgebatch/node_modules/node/bin/node',
    ]
    for (const file of files) await mkdir(join(root, file, '..'), { recursive: true })
    for (const unit of UNITS) await cp(join(FOLDER, unit), join(root, 'etc/systemd/system', unit))
    await writeFile(join(root, files.at(-1) ?? ''), '#!/bin/sh\n', { mode: 0o755 })
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  const verify = () =>
    promisify(execFile)('systemd-analyze', [
      ...['verify', `--root=${root}`, '--man=no', '--recursive-errors=no', ...UNITS],
    ])

  test('finds nothing to say about them, and would', async () => {
    expect(await verify()).toMatchObject({ stderr: '' })
    const file = join(root, 'etc/systemd/system', UNITS[0] ?? '')
    await writeFile(file, readFileSync(file, 'utf8').replace('RestartSec=', 'RestartSeconds='))
    await expect(verify()).rejects.toThrow(/Unknown key/)
  })
})
