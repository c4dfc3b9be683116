import { expect, test } from 'vitest'
import { ProblemError } from '../shared/errors.ts'
import { parseEncodingFormat } from './encoding-format.ts'

test('an embedding is shown as numbers where nothing is said', () => {
  expect(parseEncodingFormat(undefined)).toBe('float')
})

test.each(['float', 'base64'] as const)('%s is taken', (format) => {
  expect(parseEncodingFormat(format)).toBe(format)
})

test.each(['', 'Float', 'float32', 'base64 '])('%j is refused', (format) => {
  const parse = () => parseEncodingFormat(format)
  expect(parse).toThrow(ProblemError)
  expect(parse).toThrow(/float or base64/)
})
