import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareVersions } from './compare-versions.ts'

describe('versions are ordered as people count', () => {
  test.each([
    ['by number', ['1', '2', '9', '10', '100']],
    ['part by part', ['1.2', '1.2.1', '1.9', '1.10', '2.0']],
    [
      'what comes before a release first',
      ['1.0-alpha', '1.0-beta', '1.0-rc1', '1.0-rc2', '1.0-rc10', '1.0', '1.0.1'],
    ],
    ['with letters before them', ['v1', 'v2', 'v10']],
    ['dates', ['2024-12-31', '2025-01-01', '2025-02-01', '2025-10-01']],
    ['beyond what a number holds', ['1.9007199254740992', '1.9007199254740993', '1.19007199254740993']],
    ['also where they count the same', ['1.01', '1.1']],
  ])('%s', (_, ordered) => {
    expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered)
  })

  test('totally: whatever they are, the same text alone is equal, and no three go in a circle', () => {
    const version = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/)
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, b) === 0).toBe(a === b)
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0)
        if (compareVersions(a, b) < 0 && compareVersions(b, c) < 0)
          expect(compareVersions(a, c)).toBeLessThan(0)
      }),
      { seed: 1, numRuns: 2_000 },
    )
  })
})
