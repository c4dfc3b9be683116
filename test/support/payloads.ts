import { Redis } from 'ioredis'
import { inject, onTestFinished } from 'vitest'
import { PayloadReader, type PayloadReaderSettings } from '../../worker-pool/redis/payload-reader.ts'

/** What a PayloadReader says of a key. */
export const RAW = { kind: 'filled', encoding: 'raw' }
export const BASE64 = { kind: 'filled', encoding: 'base64' }
export const MISSING = { kind: 'missing' }

/** Of the run's Redis by default; ends with the test. */
export async function connectReader(
  url: string = inject('redisUrl'),
  settings: Partial<PayloadReaderSettings> = {},
): Promise<PayloadReader> {
  const reader = await PayloadReader.connect(url, settings)
  onTestFinished(() => reader.close())
  return reader
}

export function connectWriter(): Redis {
  const redis = new Redis(inject('redisUrl'), { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  return redis
}

/** Bytes of all kinds, in no order, that never are base64. */
export function bytesOf(length: number, seed = 1): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 151 + (i >> 8) * 7 + seed * 31) % 256))
}

export const placesOf = (count: number, length: number) =>
  Array.from({ length: count }, () => Buffer.alloc(length))
