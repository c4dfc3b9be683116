import { describe, expect, test } from 'vitest'
import { isBatchId, modelOfBatchId, modelOfJobId, newBatchId, newJobId } from './job-id.ts'

const RANDOM = 'AZaz09-_AZaz09-_AZaz09'

describe('a new job id', () => {
  test('carries 128 random bits: 22 characters of base64url, a dot, the model', () => {
    const [random = '', ...rest] = newJobId('resnet50').split('.')
    expect(rest).toEqual(['resnet50'])
    expect(Buffer.from(random, 'base64url')).toHaveLength(16)
    expect(Buffer.from(random, 'base64url').toString('base64url')).toBe(random)
  })

  test('is URL-safe as it stands', () => {
    for (let i = 0; i < 1_000; i++) {
      const id = newJobId('v2.0_large-fp16')
      expect(encodeURIComponent(id)).toBe(id)
    }
  })

  test('is like no other: each of the 128 bits is set in some and clear in others', () => {
    const ids = Array.from({ length: 1_000 }, () => newJobId('m'))
    expect(new Set(ids).size).toBe(ids.length)
    const ones = new Uint8Array(16)
    const zeros = new Uint8Array(16)
    for (const id of ids) {
      Buffer.from(id.slice(0, 22), 'base64url').forEach((byte, i) => {
        ones[i] = (ones[i] ?? 0) | byte
        zeros[i] = (zeros[i] ?? 0) | ~byte
      })
    }
    expect([...ones, ...zeros]).toEqual(Array(32).fill(255))
  })
})

describe('the model is recovered from the id', () => {
  test.each(['m', '0', 'a.b', 'v1.0.3', 'a..b', 'a.', 'x-_.', 'm'.repeat(64), `${RANDOM.toLowerCase()}.x`])(
    'model %j',
    (model) => {
      expect(modelOfJobId(newJobId(model))).toBe(model)
    },
  )
})

describe('what is no job id is refused', () => {
  test.each([
    ['nothing', ''],
    ['the random part alone', RANDOM],
    ['no model', `${RANDOM}.`],
    ['no random part', '.model'],
    ['a random part that is too short', `${RANDOM.slice(1)}.model`],
    ['a random part that is too long', `${RANDOM}A.model`],
    ['a random part in standard base64', `${RANDOM.slice(1)}+.model`],
    ['a parent folder', `${RANDOM}.../../etc`],
    ['a parent folder for a model', `${RANDOM}...`],
    ['a slash', `${RANDOM}.a/b`],
    ['a percent-encoded slash', `${RANDOM}.a%2fb`],
    ['a backslash', `${RANDOM}.a\\b`],
    ['an opening brace, which would move the hash tag', `${RANDOM}.a{b`],
    ['a closing brace', `${RANDOM}.a}b`],
    ['a colon, which separates parts of a key', `${RANDOM}.a:b`],
    ['upper case in the model', `${RANDOM}.Model`],
    ['a space', `${RANDOM}.a b`],
    ['a line feed at the end', `${RANDOM}.model\n`],
    ['a zero byte', `${RANDOM}.a\u0000`],
    ['letters beyond ASCII', `${RANDOM}.modèle`],
    ['a model of 65 characters', `${RANDOM}.${'m'.repeat(65)}`],
    ['an endless model', `${RANDOM}.${'m'.repeat(100_000)}`],
    ['a valid id with something before it', `x/${RANDOM}.model`],
  ])('%s', (_, id) => {
    expect(modelOfJobId(id)).toBeUndefined()
  })
})

describe('a batch id', () => {
  test.each(['m', 'v1.0.3', 'batch_', 'm'.repeat(64)])(
    'gives back its model %j, and is URL-safe',
    (model) => {
      const id = newBatchId(model)
      expect(modelOfBatchId(id)).toBe(model)
      expect(encodeURIComponent(id)).toBe(id)
      expect(newBatchId(model)).not.toBe(id)
    },
  )

  test('is no job id, and no job id is one, whatever its random part begins with', () => {
    expect(modelOfJobId(newBatchId('m'))).toBeUndefined()
    for (const id of [newJobId('m'), `batch_${RANDOM.slice(6)}.m`, `${RANDOM}.batch_m`]) {
      expect(modelOfJobId(id)).toBeDefined()
      expect(isBatchId(id)).toBe(false)
    }
  })

  test.each([
    '',
    'batch_',
    `batch_${RANDOM}`,
    `batch_${RANDOM}.`,
    `batch_${RANDOM}.a/b`,
    `batch_${RANDOM}.a{b`,
    `Batch_${RANDOM}.m`,
    `batch_batch_${RANDOM}.m`,
    `batch_${RANDOM}.m\n`,
  ])('is not %j', (id) => {
    expect(isBatchId(id)).toBe(false)
  })
})
