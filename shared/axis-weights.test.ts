import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { axisWeights } from './axis-weights.ts'
import { RESAMPLING_KERNELS } from './resampling-kernel.ts'

const kernels = Object.values(RESAMPLING_KERNELS)
const whole = (source: number, scaled: number) => ({ source, scaled, offset: 0, count: scaled })

describe('axisWeights', () => {
  test('copies where nothing is scaled', () => {
    for (const kernel of kernels) {
      const { taps, first, weights } = axisWeights(kernel, 9, 9, whole(9, 9))
      for (let i = 0; i < 9; i++) {
        const own = i * taps + (i - (first[i] ?? 0))
        expect(weights.slice(i * taps, (i + 1) * taps).reduce((sum, w) => sum + Math.abs(w), 0)).toBeCloseTo(
          1,
          6,
        )
        expect(weights[own]).toBeCloseTo(1, 6)
      }
    }
  })

  test('halving with a triangle is 1 3 3 1', () => {
    const { taps, first, weights } = axisWeights(RESAMPLING_KERNELS.triangle, 16, 16, whole(16, 8))
    const row = Array.from(weights.slice(3 * taps, 4 * taps))
    const at = 5 - (first[3] ?? 0)
    expect(row.slice(at, at + 4).map((weight) => weight * 8)).toEqual([1, 3, 3, 1])
  })

  test('always adds up to 1, stays within the source and never steps back', () => {
    const lengths = fc.record({
      source: fc.integer({ min: 1, max: 300 }),
      scaled: fc.integer({ min: 1, max: 300 }),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...kernels),
        lengths,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (kernel, axis, part) => {
          const span = axis.source - 1 + part
          const { taps, first, weights, outputs } = axisWeights(
            kernel,
            axis.source,
            span,
            whole(axis.source, axis.scaled),
          )
          for (let i = 0; i < outputs; i++) {
            const sum = weights.slice(i * taps, (i + 1) * taps).reduce((total, weight) => total + weight, 0)
            expect(sum).toBeCloseTo(1, 5)
            expect(first[i]).toBeGreaterThanOrEqual(i === 0 ? 0 : (first[i - 1] ?? 0))
            expect((first[i] ?? 0) + taps).toBeLessThanOrEqual(axis.source)
          }
        },
      ),
      { seed: 1, numRuns: 200 },
    )
  })

  test('puts the centre of mass where the output pixel lies, so that nothing shifts', () => {
    for (const kernel of kernels) {
      for (const [source, span, scaled] of [
        [400, 400, 90],
        [376, 375.375, 100],
        [50, 50, 200],
      ] as const) {
        const { taps, first, weights } = axisWeights(kernel, source, span, whole(source, scaled))
        for (let i = Math.ceil(scaled / 5); i < (scaled * 4) / 5; i++) {
          let centre = 0
          for (let t = 0; t < taps; t++) centre += (weights[i * taps + t] ?? 0) * ((first[i] ?? 0) + t + 0.5)
          expect(Math.abs(centre - ((i + 0.5) * span) / scaled)).toBeLessThan(0.08)
        }
      }
    }
  })
})
