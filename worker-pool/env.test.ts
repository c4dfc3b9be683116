import { expect, test } from 'vitest'
import { readConfiguration } from '../shared/read-configuration.ts'
import { poolEnvSchema } from './env.ts'

const REDIS_URL = 'redis://127.0.0.1:6379'

test('a Redis is all that a pool must be told', () => {
  expect(readConfiguration(poolEnvSchema, { REDIS_URL })).toMatchObject({
    MODEL_REPOSITORY: 'models',
    MODEL_SCAN_SECONDS: 5,
    KEY_PREFIX: 'eb:',
    MAX_BATCH_SIZE: 32,
    EXECUTION_PROVIDERS: ['cpu'],
  })
  expect(() => readConfiguration(poolEnvSchema, {})).toThrow('REDIS_URL is not set')
})

test('models are a list of names, versions and folders', () => {
  const env = readConfiguration(poolEnvSchema, { REDIS_URL, MODELS: 'a, b@1.0,./c,/srv/d' })
  expect(env.MODELS).toEqual([
    { name: 'a' },
    { name: 'b', version: '1.0' },
    { folder: './c' },
    { folder: '/srv/d' },
  ])
})

test('execution providers are a list, best first', () => {
  const env = readConfiguration(poolEnvSchema, { REDIS_URL, EXECUTION_PROVIDERS: 'cuda, cpu' })
  expect(env.EXECUTION_PROVIDERS).toEqual(['cuda', 'cpu'])
})

test('GPUS goes with providers that use GPUs, and with no others', () => {
  for (const EXECUTION_PROVIDERS of ['cuda', 'tensorrt,cpu'])
    expect(readConfiguration(poolEnvSchema, { REDIS_URL, GPUS: '0,1', EXECUTION_PROVIDERS })).toMatchObject({
      GPUS: [0, 1],
    })
  for (const providers of [{}, { EXECUTION_PROVIDERS: 'cpu' }])
    expect(() => readConfiguration(poolEnvSchema, { REDIS_URL, GPUS: 'all', ...providers })).toThrow(
      /^GPUS: .*EXECUTION_PROVIDERS=cuda,cpu/,
    )
})

test('a lifecycle hook goes with notices of EC2, and with no others', () => {
  const LIFECYCLE_HOOK_NAME = 'drain'
  for (const PREEMPTION_NOTICE of ['ec2', 'auto'])
    expect(
      readConfiguration(poolEnvSchema, { REDIS_URL, LIFECYCLE_HOOK_NAME, PREEMPTION_NOTICE }),
    ).toMatchObject({ LIFECYCLE_HOOK_NAME })
  for (const notice of [{}, { PREEMPTION_NOTICE: 'gcp' }])
    expect(() => readConfiguration(poolEnvSchema, { REDIS_URL, LIFECYCLE_HOOK_NAME, ...notice })).toThrow(
      /^LIFECYCLE_HOOK_NAME: .*PREEMPTION_NOTICE=ec2/,
    )
})

test.each([
  ['EXECUTION_PROVIDERS', 'tpu'],
  ['EXECUTION_PROVIDERS', 'cuda,,cpu'],
  ['MODELS', 'a,'],
  ['MODELS', 'A'],
  ['MODELS', 'a@'],
  ['MODEL_SCAN_SECONDS', '0'],
  ['MAX_BATCH_SIZE', '1025'],
  ['MAX_BATCH_SIZE', '0'],
  ['INTRA_OP_THREADS', '-1'],
  ['DRAIN_SECONDS', '0'],
  ['MAX_PHOTO_PIXELS', '0'],
  ['PHOTO_DECODE_SECONDS', '3601'],
  ['DECODE_THREADS', '0'],
  ['DECODE_THREADS', '4294967296'],
  ['DRAIN_SECONDS', '2147484'],
  ['LIFECYCLE_HOOK_NAME', 'no name'],
  ['AUTOSCALING_ENDPOINT', 'autoscaling'],
  ['LOG_LEVEL', 'loud'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => readConfiguration(poolEnvSchema, { REDIS_URL, [name]: value })).toThrow(`${name}: `)
})

test('webhooks need a secret of a certain form, and go to public addresses unless it is said otherwise', () => {
  const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
  expect(readConfiguration(poolEnvSchema, { REDIS_URL, WEBHOOK_SECRET })).toMatchObject({
    ...{ WEBHOOK_SECRET, WEBHOOK_ALLOW_PRIVATE: false },
  })
  expect(() => readConfiguration(poolEnvSchema, { REDIS_URL, WEBHOOK_SECRET: 'mine' })).toThrow(
    /^WEBHOOK_SECRET: must be whsec_ and base64 of 24 to 64 bytes/,
  )
})
