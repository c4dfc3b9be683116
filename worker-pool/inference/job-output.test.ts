import { describe, expect, test } from 'vitest'
import { type ModelManifest, modelManifestSchema } from '../../shared/model-manifest.ts'
import { smallManifest } from '../../test/support/small-models.ts'
import { encodedBytes, MAX_OUTPUT_BYTES, outputOf } from './job-output.ts'
import type { NamedOutputs, OutputTensor } from './output-tensor.ts'

const LABELS = ['ant', 'bee', 'cat']

const manifest = (fields: Parameters<typeof smallManifest>[0]): ModelManifest =>
  modelManifestSchema.parse(smallManifest(fields))

const float32 = (values: number[], ...dims: number[]): OutputTensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from(values),
})

const bytesOf = (data: string) => Buffer.from(data, 'base64')

describe('predictions', () => {
  const classifier = manifest({
    task: 'classification',
    outputs: { probabilities: 'probabilities', indices: 'indices' },
  })
  const outputs = (probabilities: number[], indices: number[], k: number): NamedOutputs => ({
    probabilities: float32(probabilities, probabilities.length / k, k),
    indices: {
      dtype: 'int64',
      dims: [indices.length / k, k],
      data: BigInt64Array.from(indices.map(BigInt)),
    },
  })
  const predictionsOf = (given: NamedOutputs, i: number) => {
    const output = outputOf(classifier, LABELS, given, i)
    return output?.kind === 'predictions' ? output.predictions : output
  }

  test('each image gets its own labels, best first', () => {
    const two = outputs([0.75, 0.25, 0.5, 0.125], [2, 0, 1, 2], 2)
    expect(predictionsOf(two, 0)).toEqual([
      { label: 'cat', probability: 0.75, index: 2 },
      { label: 'ant', probability: 0.25, index: 0 },
    ])
    expect(predictionsOf(two, 1)).toEqual([
      { label: 'bee', probability: 0.5, index: 1 },
      { label: 'cat', probability: 0.125, index: 2 },
    ])
  })

  test('a probability that rounding put above 1 is 1', () => {
    const probability = 1 + 2 ** -20
    expect(Math.fround(probability)).toBeGreaterThan(1)
    expect(predictionsOf(outputs([probability], [0], 1), 0)).toMatchObject([{ probability: 1 }])
  })

  test('the bounds 0 and 1 are probabilities', () => {
    expect(predictionsOf(outputs([1, 0], [0, 1], 2), 0)).toMatchObject([
      { probability: 1 },
      { probability: 0 },
    ])
  })

  test.each([
    ['NaN', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['negative', -0.001],
    ['above 1 by more than rounding', 1.001],
  ])('there are none if a probability is %s', (_, probability) => {
    expect(predictionsOf(outputs([0.5, probability], [0, 1], 2), 0)).toBeUndefined()
  })

  test.each([
    ['beyond the labels', 3],
    ['negative', -1],
    ['far beyond', 2 ** 40],
  ])('there are none if a class is %s', (_, index) => {
    expect(predictionsOf(outputs([0.5, 0.25], [0, index], 2), 0)).toBeUndefined()
  })

  test('there are none of an image that the batch does not have', () => {
    expect(predictionsOf(outputs([1], [0], 1), 1)).toBeUndefined()
  })

  test('there are none if there are not as many indices as probabilities', () => {
    const { probabilities } = outputs([0.5, 0.25], [0, 1], 2)
    const { indices } = outputs([1, 1], [0, 1], 1)
    if (!probabilities || !indices) throw new Error('no outputs')
    expect(predictionsOf({ probabilities, indices }, 0)).toBeUndefined()
  })

  test('that one image lacks are not taken from its neighbour', () => {
    const batch = outputs([Number.NaN, 0.5], [0, 1], 1)
    expect(predictionsOf(batch, 0)).toBeUndefined()
    expect(predictionsOf(batch, 1)).toEqual([{ label: 'bee', probability: 0.5, index: 1 }])
  })
})

describe('an embedding', () => {
  const embedder = manifest({ task: 'embedding', outputs: { embedding: 'vector' } })
  const embeddingOf = (vector: OutputTensor, i: number) => outputOf(embedder, [], { vector }, i)

  test('is float32 of the image’s own row, little-endian', () => {
    const output = embeddingOf(float32([1, 2, 0.5, -1], 2, 2), 1)
    expect(output).toEqual({
      kind: 'embedding',
      embedding: {
        dtype: 'float32',
        shape: [2],
        data: Buffer.from('0000003f000080bf', 'hex').toString('base64'),
      },
    })
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'that holds %d is none, and its neighbour keeps its own',
    (value) => {
      const batch = float32([1, value, 3, 4], 2, 2)
      expect(embeddingOf(batch, 0)).toBeUndefined()
      expect(embeddingOf(batch, 1)).toMatchObject({ kind: 'embedding' })
    },
  )

  test('of an image that the batch does not have is none', () => {
    expect(embeddingOf(float32([1, 2], 1, 2), 1)).toBeUndefined()
  })
})

describe('tensors', () => {
  const names = ['boxes', 'ids', 'mask', 'half']
  const detector = manifest({ task: 'tensor', outputs: { tensors: names } })
  const outputs: NamedOutputs = {
    boxes: float32([1, 2, 3, 4, 5, 6, 7, 8], 2, 2, 2),
    ids: { dtype: 'int64', dims: [2], data: BigInt64Array.of(-1n, 2n ** 40n) },
    mask: { dtype: 'bool', dims: [2, 3], data: Uint8Array.of(1, 0, 1, 0, 0, 1) },
    half: { dtype: 'float16', dims: [2, 1], data: Uint16Array.of(0x3c00, 0xc000) },
  }

  test('keep the graph’s names, types and shapes, without the batch dimension', () => {
    const output = outputOf(detector, [], outputs, 1)
    if (output?.kind !== 'tensors') throw new Error('no tensors')
    const { boxes, ids, mask, half } = output.tensors
    expect(Object.keys(output.tensors)).toEqual(names)
    expect(boxes).toMatchObject({ dtype: 'float32', shape: [2, 2] })
    expect([0, 4, 8, 12].map((at) => bytesOf(boxes?.data ?? '').readFloatLE(at))).toEqual([5, 6, 7, 8])
    expect(ids).toMatchObject({ dtype: 'int64', shape: [] })
    expect(bytesOf(ids?.data ?? '').readBigInt64LE()).toBe(2n ** 40n)
    expect(mask).toEqual({ dtype: 'bool', shape: [3], data: Buffer.of(0, 0, 1).toString('base64') })
    expect(half).toEqual({ dtype: 'float16', shape: [1], data: Buffer.of(0, 0xc0).toString('base64') })
  })

  test('may hold NaN: what it means is the model’s business', () => {
    const nan = { boxes: float32([Number.NaN], 1, 1) }
    expect(outputOf(detector, [], nan, 0)).toMatchObject({ kind: 'tensors' })
  })

  test('may be empty', () => {
    expect(outputOf(detector, [], { boxes: float32([], 1, 0, 4) }, 0)).toEqual({
      kind: 'tensors',
      tensors: { boxes: { dtype: 'float32', shape: [0, 4], data: '' } },
    })
  })

  test('up to the limit of a result are one, above it none', () => {
    const bytes = (MAX_OUTPUT_BYTES / 4) * 3
    const half = (n: number): OutputTensor => ({ dtype: 'uint8', dims: [1, n], data: new Uint8Array(n) })
    const [fits, exceeds] = [
      { a: half(bytes - 3), b: half(3) },
      { a: half(bytes), b: half(1) },
    ]
    expect(encodedBytes(fits)).toBe(MAX_OUTPUT_BYTES)
    expect(outputOf(detector, [], fits, 0)).toMatchObject({ kind: 'tensors' })
    expect(outputOf(detector, [], exceeds, 0)).toBeUndefined()
  })
})
