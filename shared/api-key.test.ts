import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ApiKeyRecord,
  apiKeyDigest,
  apiKeyRecordSchema,
  type Caller,
  digestsEqual,
  maySeeJob,
  mayUseModel,
  mayUsePriority,
  newApiKey,
  ownerOf,
  parseApiKey,
  parseApiKeyRecord,
} from './api-key.ts'

const record: ApiKeyRecord = {
  id: 'abcdefghijkl',
  name: 'camera 7',
  sha256: '0'.repeat(64),
  models: null,
  priorities: ['normal', 'low'],
  rate: { limit: 100, window_seconds: 60 },
  admin: false,
  created_at: '2026-01-02T03:04:05.000Z',
  expires_at: null,
}
const anonymous: Caller = { kind: 'anonymous' }
const caller = (changes: Partial<ApiKeyRecord> = {}): Caller => ({
  kind: 'key',
  record: { ...record, ...changes },
  stored: '',
})

describe('a new key', () => {
  test('is read back as its id and 32 bytes', () => {
    for (let i = 0; i < 200; i++) {
      const { id, token } = newApiKey()
      expect(token).toMatch(/^eb_[A-Za-z0-9]{12}_[A-Za-z0-9_-]{43}$/)
      const parsed = parseApiKey(token)
      expect(parsed?.id).toBe(id)
      expect(Buffer.from(parsed?.secret ?? '', 'base64url')).toHaveLength(32)
    }
  })

  test('is like no other', () => {
    const keys = Array.from({ length: 1_000 }, newApiKey)
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1_000)
    expect(new Set(keys.map(({ token }) => parseApiKey(token)?.secret)).size).toBe(1_000)
  })

  test('has every letter and digit in its id about as often', () => {
    const counts = new Map<string, number>()
    for (let i = 0; i < 5_000; i++)
      for (const character of newApiKey().id) counts.set(character, (counts.get(character) ?? 0) + 1)
    expect(counts.size).toBe(62)
    // 60,000 characters, 968 of each: seven standard deviations are 215.
    for (const count of counts.values()) expect(Math.abs(count - 60_000 / 62)).toBeLessThan(215)
  })
})

test('nothing but the exact form is taken for a key', () => {
  const { token } = newApiKey()
  for (const wrong of ['', 'eb_', token.slice(1), token.slice(0, -1), `${token}A`, ` ${token}`, `${token}\n`])
    expect(parseApiKey(wrong)).toBeUndefined()
  fc.assert(fc.property(fc.string(), (text) => parseApiKey(text) === undefined))
})

describe('digests', () => {
  test('are SHA-256 in hex', async () => {
    // The example of FIPS 180.
    expect(await apiKeyDigest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  test('are equal only if they are the same', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => digestsEqual(a, a) && digestsEqual(a, b) === (a === b)),
    )
    const digest = '0123456789abcdef'.repeat(4)
    for (let i = 0; i < digest.length; i++)
      expect(digestsEqual(digest, `${digest.slice(0, i)}x${digest.slice(i + 1)}`)).toBe(false)
  })
})

describe('a stored record', () => {
  test('is read as it was written, and is normal or low where it says nothing of priorities', () => {
    expect(parseApiKeyRecord(JSON.stringify(record))).toEqual(record)
    const { priorities, ...rest } = record
    expect(apiKeyRecordSchema.parse(rest).priorities).toEqual(['normal', 'low'])
  })

  test.each([
    ['junk', 'junk'],
    ['nothing', ''],
    ['a restriction that this version does not know', JSON.stringify({ ...record, countries: ['at'] })],
    ['no digest', JSON.stringify({ ...record, sha256: '' })],
    ['a name with an escape sequence', JSON.stringify({ ...record, name: '\u001b[2J' })],
    ['a rate of none', JSON.stringify({ ...record, rate: { limit: 0, window_seconds: 60 } })],
    ['a window of over a day', JSON.stringify({ ...record, rate: { limit: 1, window_seconds: 86_401 } })],
  ])('of %s is no record', (_, stored) => {
    expect(parseApiKeyRecord(stored)).toBeUndefined()
  })
})

describe('who sends no key', () => {
  test('owns nothing, and sees what belongs to nobody', () => {
    expect(ownerOf(anonymous)).toBe('')
    expect(maySeeJob(anonymous, '')).toBe(true)
    expect(maySeeJob(anonymous, record.id)).toBe(false)
  })

  test('may use every model, at normal or low priority', () => {
    expect(mayUseModel(anonymous, 'any')).toBe(true)
    expect(['high', 'normal', 'low'].map((p) => mayUsePriority(anonymous, p as 'high'))).toEqual([
      false,
      true,
      true,
    ])
  })
})

describe('a key', () => {
  test('owns what it sends; others of its jobs only an admin sees', () => {
    expect(ownerOf(caller())).toBe(record.id)
    expect(maySeeJob(caller(), record.id)).toBe(true)
    expect(maySeeJob(caller(), '')).toBe(true)
    expect(maySeeJob(caller(), 'mnopqrstuvwx')).toBe(false)
    expect(maySeeJob(caller({ admin: true }), 'mnopqrstuvwx')).toBe(true)
  })

  test('may use the models of its list, or all', () => {
    expect(mayUseModel(caller(), 'a')).toBe(true)
    expect(mayUseModel(caller({ models: ['a'] }), 'a')).toBe(true)
    expect(mayUseModel(caller({ models: ['a'] }), 'b')).toBe(false)
    expect(mayUseModel(caller({ models: [], admin: true }), 'a')).toBe(false)
  })

  test('may use the priorities of its list', () => {
    expect(mayUsePriority(caller({ priorities: ['high'] }), 'high')).toBe(true)
    expect(mayUsePriority(caller({ priorities: ['high'] }), 'normal')).toBe(false)
  })
})
