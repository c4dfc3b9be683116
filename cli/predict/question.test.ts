import { describe, expect, test } from 'vitest'
import { idempotencyKey, questionKey } from './question.ts'

const asked = { model: 'resnet50@2', priority: 'low' } as const
const photo = new Uint8Array([1, 2, 3])

describe('the key of a question', () => {
  test('is the same for the same photo, asked the same', () => {
    expect(questionKey(new Uint8Array([1, 2, 3]), { ...asked })).toBe(questionKey(photo, asked))
  })

  test.each([
    ['another photo', new Uint8Array([1, 2, 4]), asked],
    ['another model', photo, { ...asked, model: 'resnet50@3' }],
    ['no model', photo, { ...asked, model: undefined }],
    ['another priority', photo, { ...asked, priority: 'high' as const }],
  ])('is another for %s', (_, bytes, question) => {
    expect(questionKey(bytes, question)).not.toBe(questionKey(photo, asked))
  })

  test('goes into an Idempotency-Key, with another for each further round', () => {
    const key = questionKey(photo, asked)
    const keys = [0, 1, 2, 'anew'].map((round) => idempotencyKey(key, round))
    expect(new Set(keys).size).toBe(4)
    for (const each of keys) expect(each).toMatch(/^[\x21-\x7e]{1,255}$/)
  })
})
