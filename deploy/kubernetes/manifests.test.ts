import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registerSchema, validate } from '@hyperjump/json-schema/draft-2020-12'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { edgeEnvSchema } from '../../edge/env.ts'
import { PRIORITIES } from '../../shared/priority.ts'
import { publicStatsSchema } from '../../shared/public-stats.ts'
import { readConfiguration } from '../../shared/read-configuration.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { IDLE_STATS } from '../../test/support/idle-stats.ts'
import { poolEnvSchema } from '../../worker-pool/env.ts'

const FOLDER = import.meta.dirname
const SCHEMAS: Record<string, string> = {
  'apps/v1 Deployment': 'deployment',
  'v1 Secret': 'secret',
  'v1 Service': 'service',
  'keda.sh/v1alpha1 ScaledObject': 'scaled-object',
  'keda.sh/v1alpha1 TriggerAuthentication': 'trigger-authentication',
  'monitoring.coreos.com/v1 ServiceMonitor': 'service-monitor',
}
const ID = 'https://edgebatch.test/'
for (const name of Object.values(SCHEMAS))
  registerSchema(JSON.parse(readFileSync(join(FOLDER, 'schemas', `${name}.schema.json`), 'utf8')), ID + name)

/** A manifest, of which tests look at what they know to be there. */
// biome-ignore lint/suspicious/noExplicitAny: its form is what the schemas check
type Manifest = any

const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'))
const manifestsIn = (file: string): Manifest[] =>
  parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8'), { strict: true }).map((document) => {
    const [problem] = document.errors
    if (problem) throw problem
    return document.toJS()
  })
const manifest = (file: string, kind: string): Manifest =>
  manifestsIn(file).find((each) => each.kind === kind)

/** Where a manifest is not as its schema wants it; none where all is well. */
async function problemsOf(one: Manifest): Promise<string[]> {
  const schema = SCHEMAS[`${one.apiVersion} ${one.kind}`]
  if (schema === undefined) return [`there is no schema of ${one.apiVersion} ${one.kind}`]
  const output = await validate(ID + schema, one, 'BASIC')
  return output.valid ? [] : (output.errors ?? []).map(({ instanceLocation }) => instanceLocation)
}

describe.each(FILES)('%s', (file) => {
  test.each(manifestsIn(file).map((each) => [each.kind, each] as const))(
    'has a %s as its schema wants it',
    async (_, one) => {
      expect(await problemsOf(one)).toEqual([])
    },
  )
})

describe('the schemas notice', () => {
  const deployment = () => structuredClone(manifest('worker-pool.yaml', 'Deployment'))
  const scaled = () => structuredClone(manifest('scaled-object.yaml', 'ScaledObject'))

  test.each<[string, () => Manifest, (one: Manifest) => void, string]>([
    [
      'a field that is misspelled',
      deployment,
      (one) => (one.spec.template.spec.terminationGraceSeconds = 1),
      '#/spec/template/spec',
    ],
    [
      'a number that is a text',
      deployment,
      (one) => (one.spec.template.spec.terminationGracePeriodSeconds = '45'),
      'terminationGracePeriodSeconds',
    ],
    ['what is missing', deployment, (one) => delete one.spec.selector, '#/spec'],
    ['a field that is KEDA’s', scaled, (one) => (one.spec.minReplicas = 0), '#/spec'],
    [
      'a target that is no text',
      scaled,
      (one) => (one.spec.triggers[0].metadata.targetValue = 80),
      'targetValue',
    ],
    ['a trigger without its type', scaled, (one) => delete one.spec.triggers[0].type, '#/spec/triggers/0'],
    ['another kind', deployment, (one) => (one.kind = 'Deploiment'), 'no schema of apps/v1 Deploiment'],
  ])('%s', async (_, made, break_, where) => {
    const one = made()
    break_(one)
    expect((await problemsOf(one)).join(' ')).toContain(where)
  })
})

describe('the pool', () => {
  const { spec } = manifest('worker-pool.yaml', 'Deployment').spec.template
  const [container] = spec.containers
  const secrets = manifest('secret.example.yaml', 'Secret').stringData
  const variables: Record<string, string> = Object.fromEntries(
    container.env.map(({ name, value, valueFrom }: Manifest) => [
      name,
      value ?? secrets[valueFrom.secretKeyRef.key],
    ]),
  )

  test('is set up with settings that it knows and takes', () => {
    expect(Object.keys(poolEnvSchema.shape)).toEqual(expect.arrayContaining(Object.keys(variables)))
    expect(() => readConfiguration(poolEnvSchema, variables)).not.toThrow()
    expect(variables.KEY_PREFIX).toBe(edgeEnvSchema.shape.KEY_PREFIX.parse(undefined))
  })

  test('has time to give back what it cannot finish', () => {
    // As worker-pool/main.ts ends: 3 s to give back, 5 for webhooks, 2 for spans, and the process itself.
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(variables.DRAIN_SECONDS) + 15)
  })

  test('is asked where it answers', () => {
    const [port] = container.ports
    expect(String(port.containerPort)).toBe(variables.HEALTH_PORT)
    expect(container.startupProbe.httpGet).toEqual({ path: '/ready', port: port.name })
    expect(container.livenessProbe.httpGet).toEqual({ path: '/live', port: port.name })
    expect(container.readinessProbe.httpGet).toEqual({ path: '/ready', port: port.name })
  })

  test('has a GPU, no rights, and a number that is KEDA’s alone', () => {
    expect(container.resources.limits['nvidia.com/gpu']).toBe(1)
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
    })
    expect(spec.securityContext.runAsUser).toBe(10_001)
    expect(manifest('worker-pool.yaml', 'Deployment').spec).not.toHaveProperty('replicas')
  })
})

describe('KEDA', () => {
  test.each(['scaled-object.yaml', 'scaled-object-redis.example.yaml'])(
    'scales the pool by %s, with secrets that are there',
    (file) => {
      const { spec } = manifest(file, 'ScaledObject')
      expect(spec.scaleTargetRef.name).toBe(manifest('worker-pool.yaml', 'Deployment').metadata.name)
      const authentication = manifest(file, 'TriggerAuthentication')
      for (const { authenticationRef } of spec.triggers)
        expect(authenticationRef.name).toBe(authentication.metadata.name)
      const text = readFileSync(join(FOLDER, 'secret.example.yaml'), 'utf8')
      for (const { name, key } of authentication.spec.secretTargetRef) {
        expect(name).toBe(manifest('secret.example.yaml', 'Secret').metadata.name)
        expect(text).toContain(`${key}:`)
      }
    },
  )

  test('finds the depth where GET /stats has it', () => {
    const stats = publicStatsSchema.parse({
      ...IDLE_STATS,
      queue_depth: { total: 7, by_model: { m: 3 } },
    })
    const at = (path: string) =>
      path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], stats)
    const [trigger] = manifest('scaled-object.yaml', 'ScaledObject').spec.triggers
    expect(at(trigger.metadata.valueLocation)).toBe(7)
    expect(at('queue_depth.by_model.m')).toBe(3)
    expect(new URL(trigger.metadata.url).pathname).toBe('/stats')
  })

  test('adds up the queues of all priorities where it looks at Redis itself', () => {
    const { triggers, advanced } = manifest('scaled-object-redis.example.yaml', 'ScaledObject').spec
    const keys = new RedisKeys('eb:')
    const queue = { model: 'efficientnet-lite0', version: '1' }
    expect(triggers.map(({ metadata }: Manifest) => metadata.stream)).toEqual(
      PRIORITIES.map((priority) => keys.queue(queue, priority)),
    )
    expect(triggers.map(({ name }: Manifest) => name)).toEqual([...PRIORITIES])
    expect(advanced.scalingModifiers.formula.split(' + ')).toEqual([...PRIORITIES])
    // With a consumer group KEDA would count its pending entries, or its lag, alone.
    for (const { metadata } of triggers) expect(metadata).not.toHaveProperty('consumerGroup')
  })
})

test('Prometheus finds the pools’ port by its name', () => {
  const service = manifest('monitoring.example.yaml', 'Service')
  const monitor = manifest('monitoring.example.yaml', 'ServiceMonitor')
  const { labels } = manifest('worker-pool.yaml', 'Deployment').spec.template.metadata
  expect(labels).toMatchObject(service.spec.selector)
  expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels)
  expect(monitor.spec.endpoints[0].port).toBe(service.spec.ports[0].name)
})
