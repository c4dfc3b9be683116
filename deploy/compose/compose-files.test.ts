import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registerSchema, validate } from '@hyperjump/json-schema/draft-07'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type * as z from 'zod'
import { nodeEdgeEnvSchema } from '../../edge/env.ts'
import { gatewayEnvSchema } from '../../gateway/env.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { readConfiguration } from '../../shared/read-configuration.ts'
import {
  type ComposeService,
  composeText,
  composeWith,
  parseCompose,
  variablesIn,
} from '../../test/support/compose-file.ts'
import { argumentsOf, isLeftOut, stage } from '../../test/support/dockerfile.ts'
import { imageEnvironment } from '../../test/support/image-folder.ts'
import { poolEnvSchema } from '../../worker-pool/env.ts'
import { newSecrets, usersFor } from './make-secrets.ts'

const MAIN = 'docker-compose.yaml'
const GPU = 'deploy/compose/gpu.yaml'
const SCHEMA = 'https://edgebatch.test/compose'
registerSchema(
  JSON.parse(readFileSync(join(import.meta.dirname, 'schemas/compose.schema.json'), 'utf8')),
  SCHEMA,
)

const env = newSecrets()
const acl = usersFor(env)
const compose = composeWith(env)
const { services } = compose
const service = (name: string) => services[name] as ComposeService
const own = Object.entries(services).filter(([, { build }]) => build)
const foreign = Object.entries(services).filter(([, { image }]) => image)

/** What a container of ours finds in its environment: the image's, and what the file adds. */
const environmentOf = (name: string) => ({
  ...imageEnvironment(service(name).build?.target ?? ''),
  ...service(name).environment,
})

async function isCompose(text: string): Promise<boolean> {
  return (await validate(SCHEMA, parseCompose(text) as never)).valid
}

describe('the files', () => {
  test.each([MAIN, GPU])('%s is as the Compose Specification wants it', async (file) => {
    expect(await isCompose(composeText(file))).toBe(true)
  })

  test.each([
    ['a field that is misspelled', 'stop_grace_period', 'stop_grace_time'],
    ['a section that is none', '\nvolumes:', '\nvolume:'],
    ['a flag that is a word', 'read_only: true', 'read_only: [sure]'],
  ])('%s would be noticed', async (_, right, wrong) => {
    expect(composeText(MAIN)).toContain(right)
    expect(await isCompose(composeText(MAIN).replace(right, wrong))).toBe(false)
  })

  test('all that is built is a stage of the Dockerfile, and all else an exact version', () => {
    const gpu = parseCompose(composeText(GPU)).services['worker-pool'] as ComposeService
    for (const { build } of [...own.map(([, one]) => one), gpu])
      expect(stage(build?.target ?? '')).toBeDefined()
    for (const [, { image }] of foreign) expect(image).toMatch(/:v?\d+\.\d+\.\d+/)
  })

  test('all that is mounted is there, or made by the secrets’ script, or a volume', () => {
    for (const [, { volumes = [] }] of Object.entries(services))
      for (const volume of volumes) {
        const [source = ''] = volume.split(':')
        if (!source.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(source)
        else if (source !== './deploy/compose/users.acl')
          expect([source, existsSync(join(PROJECT_ROOT, source))]).toEqual([source, true])
      }
  })
})

describe('the parts', () => {
  const SCHEMAS: [string, z.ZodObject, z.ZodType][] = [
    ['edge', nodeEdgeEnvSchema, nodeEdgeEnvSchema],
    ['gateway', gatewayEnvSchema, gatewayEnvSchema],
    ['worker-pool', poolEnvSchema as unknown as z.ZodObject, poolEnvSchema],
  ]
  /** Node's and ONNX Runtime's. */
  const NOT_OURS = ['NODE_ENV', 'ORT_DISABLE_TELEMETRY']

  test.each(SCHEMAS)('%s is set up with settings that it knows and takes', (name, { shape }, schema) => {
    const variables: Record<string, string> = environmentOf(name)
    for (const variable of Object.keys(variables))
      expect([...Object.keys(shape), ...NOT_OURS]).toContain(variable)
    expect(() => readConfiguration(schema, variables)).not.toThrow()
  })

  test('find one another: by names that are services, at ports where they listen, over a network of both', () => {
    const reaches = (from: string, url: string, port: string | undefined) => {
      const { hostname, port: asked } = new URL(url)
      expect(asked).toBe(port)
      expect(service(from).networks?.some((one) => service(hostname).networks?.includes(one))).toBe(true)
    }
    reaches('edge', environmentOf('edge').UPSTASH_REDIS_REST_URL ?? '', environmentOf('gateway').GATEWAY_PORT)
    for (const name of ['gateway', 'worker-pool', 'tools'])
      reaches(name, service(name).environment?.REDIS_URL ?? '', '6379')
    reaches('redis-exporter', service('redis-exporter').environment?.REDIS_ADDR ?? '', '6379')
    reaches('caddy', `http://${service('caddy').command?.at(-1)}`, environmentOf('edge').PORT)
    expect(environmentOf('edge').UPSTASH_REDIS_REST_TOKEN).toBe(environmentOf('gateway').GATEWAY_TOKEN)
    expect(service('edge').ports).toEqual([`127.0.0.1:8787:${environmentOf('edge').PORT}`])
  })

  test.each(['edge', 'gateway', 'worker-pool'])('%s listens where its image says', (name) => {
    const variables: Record<string, string> = environmentOf(name)
    const listens = Object.entries(variables).flatMap(([key, value]) => (/PORT$/.test(key) ? [value] : []))
    const target = service(name).build?.target ?? ''
    expect(
      argumentsOf(stage(target), 'EXPOSE')
        .flatMap((line) => line.split(' '))
        .sort(),
    ).toEqual(listens.sort())
  })

  test('the pool has time to give back what it cannot finish', () => {
    const { DRAIN_SECONDS } = readConfiguration(poolEnvSchema, environmentOf('worker-pool'))
    expect(Number.parseInt(service('worker-pool').stop_grace_period ?? '', 10)).toBeGreaterThanOrEqual(
      DRAIN_SECONDS + 15,
    )
  })

  test('only caddy can be reached from elsewhere, and Redis by nobody who is not on its network', () => {
    for (const [name, { ports = [] }] of Object.entries(services))
      if (name !== 'caddy') for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    expect(service('redis').networks).toEqual(['queue'])
    expect(compose.networks.queue?.internal).toBe(true)
  })
})

describe('secrets', () => {
  const variables = variablesIn(composeText(MAIN))
  const made = Object.fromEntries(env.split('\n').map((line) => line.split(/=(.*)/s, 2)))

  test('are all made by the script, which makes nothing else; what is none has a default', () => {
    const required = variables.filter((one) => one.default === undefined).map(({ name }) => name)
    const others = ['REDIS_OWNER_PASSWORD']
    expect(new Set([...required, ...others])).toEqual(new Set(Object.keys(made).filter(Boolean)))
    for (const { name, default: value } of variables)
      if (/PASSWORD|TOKEN|SECRET/.test(name)) expect([name, value]).toEqual([name, undefined])
  })

  test('a deployment without one of them is refused', () => {
    for (const name of Object.keys(made).filter((one) => variables.some((variable) => variable.name === one)))
      expect(() => composeWith(env.replace(`${name}=`, `X_${name}=`))).toThrow(`${name} is not set`)
  })

  test('have users in Redis that are made of them, or of none', () => {
    expect(usersFor(env)).toBe(acl)
    expect(acl.match(/^user \S+/gm)).toHaveLength(5)
    expect(() => usersFor(env.replace('REDIS_POOL_PASSWORD=', 'REDIS_POOL='))).toThrow('REDIS_POOL_PASSWORD')
  })

  test('are others each time, stand in no image, and in Redis as digests', () => {
    const again = newSecrets()
    for (const value of Object.values(made).filter(Boolean)) {
      expect(again).not.toContain(value)
      expect(acl).not.toContain(value)
    }
    expect(isLeftOut('.env')).toBe(true)
    expect(isLeftOut('deploy/compose/users.acl')).toBe(true)
    expect(readFileSync(join(PROJECT_ROOT, '.gitignore'), 'utf8').split('\n')).toEqual(
      expect.arrayContaining(['.env', 'deploy/compose/users.acl']),
    )
  })
})

describe('monitoring', () => {
  const { scrape_configs: jobs } = parse(
    readFileSync(join(PROJECT_ROOT, 'deploy/prometheus/prometheus.yaml'), 'utf8'),
  ) as {
    scrape_configs: {
      job_name: string
      dns_sd_configs?: { names: [string]; port: number }[]
      static_configs?: { targets: [string] }[]
    }[]
  }

  test('Prometheus asks services where they tell their metrics, over a network of both', () => {
    const METRICS_PORTS: Record<string, string | undefined> = {
      'worker-pool': environmentOf('worker-pool').HEALTH_PORT,
      edge: environmentOf('edge').METRICS_PORT,
      gateway: environmentOf('gateway').GATEWAY_METRICS_PORT,
      'redis-exporter': '9121',
    }
    const asked = jobs.flatMap(({ dns_sd_configs: byName = [], static_configs: fixed = [] }) => [
      ...byName.map(({ names: [name], port }) => `${name}:${port}`),
      ...fixed.map(({ targets: [target] }) => target),
    ])
    expect(asked.sort()).toEqual(
      Object.entries(METRICS_PORTS)
        .map(([name, port]) => `${name}:${port}`)
        .sort(),
    )
    for (const name of Object.keys(METRICS_PORTS))
      expect(service('prometheus').networks?.some((one) => service(name).networks?.includes(one))).toBe(true)
  })

  test('Grafana finds Prometheus, and all dashboards', () => {
    const provisioned = (file: string) =>
      parse(readFileSync(join(import.meta.dirname, 'grafana', file), 'utf8')) as {
        datasources: { type: string; url: string }[]
        providers: { options: { path: string } }[]
      }
    expect(provisioned('datasources.yaml').datasources).toMatchObject([
      { type: 'prometheus', url: 'http://prometheus:9090' },
    ])
    const [provider] = provisioned('dashboards.yaml').providers
    const mount = service('grafana').volumes?.find((volume) =>
      volume.includes(provider?.options.path ?? 'none'),
    )
    expect(
      readdirSync(join(PROJECT_ROOT, mount?.split(':')[0] ?? '')).filter((f) => f.endsWith('.json')),
    ).toHaveLength(3)
  })
})
