import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseEncodingFormat } from '../encoding-format.ts'
import { parsePrefer } from '../prefer-header.ts'
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

test('the example of Prefer is a wait that is honoured', () => {
  expect(parsePrefer(PARAMETERS.prefer.example)).toEqual({ waitSeconds: 30, respondAsync: false })
})

test('every example is one that its schema takes', () => {
  for (const parameter of Object.values(PARAMETERS)) {
    if ('example' in parameter)
      expect(parameter.schema.safeParse(parameter.example)).toMatchObject({ success: true })
  }
})
