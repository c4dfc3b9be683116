import { describe, expect, test } from 'vitest'
import { predictionsOf } from './postprocess.ts'

const LABELS = ['ant', 'bee', 'cat']

const outputs = (probabilities: number[], indices: number[], k: number) => ({
  probabilities: Float32Array.from(probabilities),
  indices: BigInt64Array.from(indices.map(BigInt)),
  k,
})

test('each image gets its own labels, best first', () => {
  const two = outputs([0.75, 0.25, 0.5, 0.125], [2, 0, 1, 2], 2)
  expect(predictionsOf(two, 0, LABELS)).toEqual([
    { label: 'cat', probability: 0.75, index: 2 },
    { label: 'ant', probability: 0.25, index: 0 },
  ])
  expect(predictionsOf(two, 1, LABELS)).toEqual([
    { label: 'bee', probability: 0.5, index: 1 },
    { label: 'cat', probability: 0.125, index: 2 },
  ])
})

test('a probability that rounding put above 1 is 1', () => {
  const probability = 1 + 2 ** -20
  expect(outputs([probability], [0], 1).probabilities[0]).toBeGreaterThan(1)
  expect(predictionsOf(outputs([probability], [0], 1), 0, LABELS)?.[0]?.probability).toBe(1)
})

test('the bounds 0 and 1 are probabilities', () => {
  expect(predictionsOf(outputs([1, 0], [0, 1], 2), 0, LABELS)?.map((p) => p.probability)).toEqual([1, 0])
})

describe('there are no predictions', () => {
  test.each([
    ['NaN', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['negative', -0.001],
    ['above 1 by more than rounding', 1.001],
  ])('if a probability is %s', (_, probability) => {
    expect(predictionsOf(outputs([0.5, probability], [0, 1], 2), 0, LABELS)).toBeUndefined()
  })

  test.each([
    ['beyond the labels', 3],
    ['negative', -1],
    ['far beyond', 2 ** 40],
  ])('if a class is %s', (_, index) => {
    expect(predictionsOf(outputs([0.5, 0.25], [0, index], 2), 0, LABELS)).toBeUndefined()
  })

  test('of an image that the batch does not have', () => {
    expect(predictionsOf(outputs([1], [0], 1), 1, LABELS)).toBeUndefined()
  })

  test('of one image does not take them from its neighbour', () => {
    const batch = outputs([Number.NaN, 0.5], [0, 1], 1)
    expect(predictionsOf(batch, 0, LABELS)).toBeUndefined()
    expect(predictionsOf(batch, 1, LABELS)).toEqual([{ label: 'bee', probability: 0.5, index: 1 }])
  })
})
