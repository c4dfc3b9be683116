import { expect, test } from 'vitest'
import { printable, printableLine } from './printable.ts'
import { table } from './table.ts'

const hostile = 'a\u001b]0;title\u0007\u009b2J\rb\u007f'

test('nothing that orders a terminal about is left, and all of it can be seen', () => {
  expect(printable(hostile)).toBe('a\\u001b]0;title\\u0007\\u009b2J\\u000db\\u007f')
  expect(printable('zwei\tSpalten\nünïcödé ✓')).toBe('zwei\tSpalten\nünïcödé ✓')
})

test('a line stays one, and so does a row of a table', () => {
  expect(printableLine('a\nb\tc')).toBe('a\\u000ab\\u0009c')
  expect(table([['NAME'], ['a\nb  ok']])).toEqual(['NAME', 'a\\u000ab  ok'])
})

test('JSON means what it meant', () => {
  const json = JSON.stringify({ label: hostile })
  expect(JSON.parse(printable(json))).toEqual({ label: hostile })
})
