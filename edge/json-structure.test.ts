import { expect, test } from 'vitest'
import { hasFewParts } from './json-structure.ts'

const few = (json: string, most: number) => hasFewParts(new TextEncoder().encode(json), most)

test.each([
  ['values', '[1,2,3]', 3],
  ['keys and their values', '{"a":1,"b":2}', 4],
  ['nested lists', '[[[[]]]]', 4],
  ['escaped quotes', '"\\"\\"\\\\\\""', 3],
])('%s are counted', (_, json, parts) => {
  expect(few(json, parts)).toBe(true)
  expect(few(json, parts - 1)).toBe(false)
})

test('what stands in strings is not, wherever they end', () => {
  expect(few(JSON.stringify([',[{:'.repeat(100), '\\', ',,,', '\\\\', ',,,']), 5)).toBe(true)
})

test.each(['"', '"\\', '"\\"', '', '"a" "', 'ÿ'])('%j, which is no JSON, does not lead astray', (text) => {
  expect(few(text, 2)).toBe(true)
})
