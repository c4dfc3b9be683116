import { expect, test } from 'vitest'
import { knownModel } from '../test/support/known-models.ts'
import { defaultVersion } from './default-version.ts'

const HOUR_MS = 3_600_000

test.each<[string, { version: string; seenAt?: number; live?: boolean }[], string]>([
  ['the highest that is live, counted as people count', [{ version: '9' }, { version: '10' }], '10'],
  ['a live one before a higher one that is not', [{ version: '1' }, { version: '2', live: false }], '1'],
  [
    'the one seen last, where none is live',
    [
      { version: '1', live: false, seenAt: 2 * HOUR_MS },
      { version: '2', live: false, seenAt: HOUR_MS },
    ],
    '1',
  ],
  [
    'the highest of those that ended together',
    [
      { version: '1', live: false, seenAt: HOUR_MS + 20_000 },
      { version: '2', live: false, seenAt: HOUR_MS },
    ],
    '2',
  ],
])('the default is %s', (_, versions, expected) => {
  const known = versions.map(({ version, seenAt = HOUR_MS, live = true }) =>
    knownModel('m', version, { seenAt, pools: live ? ['pool'] : [] }),
  )
  expect(defaultVersion(known).manifest.version).toBe(expected)
  expect(defaultVersion(known.toReversed()).manifest.version).toBe(expected)
})
