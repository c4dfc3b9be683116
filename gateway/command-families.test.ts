import { expect, test } from 'vitest'
import { COMMAND_FAMILIES, commonFamily, familyOf } from './command-families.ts'

test('a command has its family, in any case', () => {
  expect(familyOf('GET')).toBe('string')
  expect(familyOf('evalsha')).toBe('scripting')
  expect(familyOf('ZrangeByScore')).toBe('sorted-set')
})

test('whatever a client makes up is one family', () => {
  for (const name of ['', 'NOSUCH', 'GET ', '__proto__', 'constructor']) expect(familyOf(name)).toBe('other')
  expect(COMMAND_FAMILIES).toContain('other')
})

test('a request has the family of its commands, or is mixed', () => {
  expect(commonFamily(['hash'])).toBe('hash')
  expect(commonFamily(['hash', 'hash'])).toBe('hash')
  expect(commonFamily(['hash', 'list'])).toBe('mixed')
})
