import { describe, expect, test } from 'vitest'
import { readConfiguration } from '../shared/read-configuration.ts'
import { edgeEnvSchema, imageLimitsOf } from './env.ts'
import { DEFAULT_IMAGE_LIMITS } from './image/image-limits.ts'

const REDIS = { UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1', UPSTASH_REDIS_REST_TOKEN: 'unused' }
const read = (settings: Record<string, string>) => readConfiguration(edgeEnvSchema, { ...REDIS, ...settings })

test('the default model may be one version of it', () => {
  expect(read({}).DEFAULT_MODEL).toBeUndefined()
  expect(read({ DEFAULT_MODEL: 'm' }).DEFAULT_MODEL).toEqual({ name: 'm' })
  expect(read({ DEFAULT_MODEL: 'm@2' }).DEFAULT_MODEL).toEqual({ name: 'm', version: '2' })
})

test('nobody is served without an API key unless it is said', () => {
  expect(read({}).ALLOW_ANONYMOUS).toBe(false)
  expect(read({ ALLOW_ANONYMOUS: 'false' }).ALLOW_ANONYMOUS).toBe(false)
  expect(read({ ALLOW_ANONYMOUS: 'true' }).ALLOW_ANONYMOUS).toBe(true)
})

test('inputs go as bytes only where it is said', () => {
  expect(read({}).RAW_INPUTS).toBe('off')
  expect(read({ RAW_INPUTS: 'auto' }).RAW_INPUTS).toBe('auto')
  expect(() => read({ RAW_INPUTS: 'true' })).toThrow('RAW_INPUTS')
})

test('pages of any origin may call, or those that are named', () => {
  expect(read({}).CORS_ORIGINS).toBe('*')
  expect(read({ CORS_ORIGINS: 'https://a.test, http://localhost:3000' }).CORS_ORIGINS).toEqual([
    'https://a.test',
    'http://localhost:3000',
  ])
  expect(read({ CORS_ORIGINS: 'https://a.test,*' }).CORS_ORIGINS).toBe('*')
})

describe('limits of images', () => {
  test('are the defaults where nothing is set', () => {
    expect(imageLimitsOf(read({}))).toEqual(DEFAULT_IMAGE_LIMITS)
  })

  test('can be set for each type', () => {
    const limits = imageLimitsOf(
      read({ MAX_PNG_MEGAPIXELS: '2.5', MAX_JPEG_DECODER_MIB: '8', MAX_IMAGE_FRAMES: '3' }),
    )
    expect(limits.maxPixels).toEqual({ ...DEFAULT_IMAGE_LIMITS.maxPixels, png: 2_500_000 })
    expect(limits.maxDecoderBytes.jpeg).toBe(8 * 1024 * 1024)
    expect(limits.maxFrames).toBe(3)
  })
})

test.each([
  ['REDIS_TIMEOUT_MS', '2147483648'],
  ['MAX_UPLOAD_SECONDS', '2147484'],
  ['MAX_UPLOAD_WAIT_SECONDS', '2147484'],
  ['MAX_JPEG_MEGAPIXELS', '0'],
  ['MAX_JPEG_MEGAPIXELS', '1e300'],
  ['MAX_WEBP_DECODER_MIB', 'much'],
  ['MAX_IMAGE_FRAMES', '1.5'],
  ['ALLOW_ANONYMOUS', 'yes'],
  ['CORS_ORIGINS', 'https://a.test/'],
  ['PUBLIC_URL', 'https://api.example.com/'],
  ['PUBLIC_URL', '*'],
  ['PUBLIC_URL', 'api.example.com'],
  ['CORS_ORIGINS', 'a.test'],
  ['CORS_ORIGINS', 'https://a.test,'],
  ['CORS_ORIGINS', 'null'],
  ['MAX_IMAGES_PER_CALL', '0'],
  ['MAX_IMAGES_PER_CALL', '65'],
  ['DEFAULT_MODEL', 'M'],
  ['DEFAULT_MODEL', 'm@'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => read({ [name]: value })).toThrow(`${name}: `)
})
