import { parseArgs } from 'citty'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../user-error.ts'
import { parsePredictFlags, predictArgs } from './predict-flags.ts'

const parse = (...rawArgs: string[]) => parsePredictFlags(parseArgs(rawArgs, predictArgs))

describe('flags of predict', () => {
  test('may all be left out', () => {
    expect(parse('a.jpg', '-')).toEqual({
      ...{ names: ['a.jpg', '-'], asked: { model: undefined, priority: undefined }, isAsync: false },
      ...{ waitMs: undefined, concurrency: 8, resume: undefined, anew: false, json: false },
    })
  })

  test('are taken as they are meant', () => {
    const flags = ['--model', 'm@2', '--priority', 'low', '--wait', '30', '--concurrency', '2', '--json']
    expect(parse('a.jpg', ...flags, '--resume', 'r.jsonl')).toMatchObject({
      ...{
        asked: { model: 'm@2', priority: 'low' },
        waitMs: 30_000,
        concurrency: 2,
        resume: 'r.jsonl',
        json: true,
      },
    })
  })

  test.each([
    ['no photo', [], /which photos\? As in: edgebatch predict cat\.jpg/],
    ['a wait that is none', ['a', '--wait', '0'], /--wait must be a whole number from 1 to 86400/],
    ['a wait and none', ['a', '--wait', '1', '--async'], /--wait and --async exclude one another/],
    ['an end to a run that begins anew', ['a', '--anew', '--resume', 'f'], /--anew and --resume exclude/],
    [
      'too many at once',
      ['a', '--concurrency', '1000'],
      /--concurrency must be a whole number from 1 to 256/,
    ],
    ['a priority that is none', ['a', '--priority', 'urgent'], /--priority must be high or normal or low/],
    ['a model that is none', ['a', '--model', 'My Model'], /--model: "My Model" is none/],
  ])('%s is refused', (_, rawArgs, message) => {
    expect(() => parse(...rawArgs)).toThrow(UsageError)
    expect(() => parse(...rawArgs)).toThrow(message)
  })
})
