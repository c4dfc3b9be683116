import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Caller } from '../../shared/api-key.ts'
import { parseEncodingFormat } from '../encoding-format.ts'
import { parsePrefer, preferenceApplied } from '../prefer-header.ts'
import { deadlineMs } from '../submission/cancel-after.ts'
import { parseIdempotencyKey } from '../submission/idempotency-key.ts'
import { parseRequestOptions } from '../submission/request-options.ts'
import { traceparentToPassOn } from '../traceparent.ts'
import { PARAMETERS } from './parameters.ts'

/** Whether the code that reads a parameter takes it. */
function taken(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}

test('?encoding_format= is read as it is described', () => {
  const { schema } = PARAMETERS.encodingFormat
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom('float', 'base64', 'FLOAT', ''), fc.string()), (value) => {
      expect(taken(() => parseEncodingFormat(value))).toBe(schema.safeParse(value).success)
    }),
  )
  expect(parseEncodingFormat(undefined)).toBe(schema.parse(undefined))
})

/** Header values as they arrive: without spaces around them. */
const headerValue = (characters: string, ...some: string[]) =>
  fc
    .oneof(
      fc.constantFrom(...some),
      fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 }),
      fc.string({ unit: 'binary-ascii' }),
    )
    .map((text) => text.trim())

test('Idempotency-Key is read as it is described', () => {
  const { schema } = PARAMETERS.idempotencyKey
  const long = ['x'.repeat(255), 'x'.repeat(256), `"${'x'.repeat(255)}"`, `"${'x'.repeat(256)}"`]
  fc.assert(
    fc.property(headerValue('ab"!~ é', '', '""', '"', ...long), (value) => {
      expect(taken(() => parseIdempotencyKey(value))).toBe(schema.safeParse(value).success)
    }),
    { numRuns: 1_000 },
  )
})

test('Cancel-After is read as it is described, if the model allows that long', () => {
  const { schema } = PARAMETERS.cancelAfter
  const limits = { defaultSeconds: 300, maxSeconds: Number.MAX_SAFE_INTEGER }
  fc.assert(
    fc.property(headerValue('0129hms', '0', '0s', '0h0m', '30s', '1m30s', '2h', '-1', '1s1m'), (value) => {
      expect(taken(() => deadlineMs(value, limits))).toBe(schema.safeParse(value).success)
    }),
    { numRuns: 1_000 },
  )
})

test('X-Priority takes what is described, in any case', () => {
  const { schema } = PARAMETERS.priority
  const admin = { kind: 'key', record: { priorities: schema.unwrap().options } } as unknown as Caller
  const priorityOf = (value?: string) =>
    parseRequestOptions((name) => (name === 'x-priority' ? value : undefined), admin).priority
  fc.assert(
    fc.property(headerValue('highlownormal', 'high', 'normal', 'low', 'urgent'), (value) => {
      expect(taken(() => priorityOf(value))).toBe(schema.safeParse(value.toLowerCase()).success)
    }),
  )
  expect(priorityOf()).toBe(schema.parse(undefined))
})

test('the example of Prefer is a wait that is honoured', () => {
  expect(parsePrefer(PARAMETERS.prefer.example)).toEqual({ waitSeconds: 30, respondAsync: false })
  expect(preferenceApplied(parsePrefer(PARAMETERS.prefer.example))).toBe(PARAMETERS.prefer.example)
})

test('the examples of Cache-Control and traceparent are ones that are understood', () => {
  const { example } = PARAMETERS.cacheControl
  const header = (name: string) => (name === 'cache-control' ? example : undefined)
  expect(parseRequestOptions(header, { kind: 'anonymous' }).noStore).toBe(true)
  expect(traceparentToPassOn(PARAMETERS.traceparent.example)).toBe(PARAMETERS.traceparent.example)
})

test('every example is one that its schema takes', () => {
  for (const parameter of Object.values(PARAMETERS)) {
    if ('example' in parameter)
      expect(parameter.schema.safeParse(parameter.example)).toMatchObject({ success: true })
  }
})
