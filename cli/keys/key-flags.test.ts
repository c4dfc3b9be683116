import { describe, expect, test } from 'vitest'
import { UserError } from '../user-error.ts'
import { parseKeyFlags } from './key-flags.ts'

const NOW = new Date('2026-01-31T12:00:00.000Z')
const parse = (args: Record<string, unknown>) => parseKeyFlags(args, NOW)

test('without flags, a key may use every model at normal or low priority, for as long as it is there', () => {
  expect(parse({})).toEqual({
    ...{ name: '', models: null, priorities: ['normal', 'low'], rate: null, admin: false },
    ...{ created_at: '2026-01-31T12:00:00.000Z', expires_at: null },
  })
})

test('flags say what it may do', () => {
  const args = { name: 'camera 7', models: 'a, b,a', priorities: 'low,high', rate: '100/60s', admin: true }
  expect(parse(args)).toMatchObject({
    ...{ name: 'camera 7', models: ['a', 'b'], priorities: ['high', 'low'], admin: true },
    rate: { limit: 100, window_seconds: 60 },
  })
})

describe('times', () => {
  test.each([
    ['90s', '2026-01-31T12:01:30.000Z'],
    ['90m', '2026-01-31T13:30:00.000Z'],
    ['12h', '2026-02-01T00:00:00.000Z'],
    ['30d', '2026-03-02T12:00:00.000Z'],
  ])('%s from now', (expires, expected) => {
    expect(parse({ expires }).expires_at).toBe(expected)
  })

  test.each([
    ['1/1s', 1],
    ['1/2m', 120],
    ['1/24h', 86_400],
    ['1/1d', 86_400],
  ])('a rate of %s', (rate, window_seconds) => {
    expect(parse({ rate }).rate).toEqual({ limit: 1, window_seconds })
  })
})

test.each([
  ['name', 'x'.repeat(101)],
  ['name', 'a\nb'],
  ['models', 'a,B'],
  ['models', 'a,'],
  ['priorities', 'urgent'],
  ['rate', '100'],
  ['rate', '0/60s'],
  ['rate', '100/0s'],
  ['rate', '1/2d'],
  ['rate', '-1/60s'],
  ['rate', '1e3/60s'],
  ['expires', '30'],
  ['expires', '0d'],
  ['expires', '9999999999d'],
  ['expires', '2030-01-01'],
  ['expires', ''],
])('--%s %j is refused by name, on one line', (flag, value) => {
  const parsing = () => parse({ [flag]: value })
  expect(parsing).toThrow(UserError)
  expect(parsing).toThrow(new RegExp(`^--${flag}\\b[^\\n]*$`))
})
